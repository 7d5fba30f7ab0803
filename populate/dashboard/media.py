"""Pictures and clips of the live page, drawn when they are asked for."""

import io
import threading
from functools import lru_cache
from typing import Any

import flask

from dlgn_cnn.data.stimuli.video import webm
from dlgn_cnn.errors import ConfigError, DlgnError
from dlgn_cnn.plots.fields import side_by_side
from dlgn_cnn.plots.report import curves_figure, overview_figure
from dlgn_cnn.plots.style import FORMATS, new_figure, rendered
from dlgn_cnn.plots.unit import SECTIONS, Figure, Section
from populate.dashboard.places import FitKey, Query, UnitOfFit, query_of
from populate.dashboard.reading import Away, Reader
from populate.dashboard.unit import CLIP_PX, chosen_start, speed_of
from populate.report import unit_view
from populate.report.report import curves_of
from schemas import dataset, training

KEPT_FITS = 4  # whose predictions of the test tier are kept in memory
SECONDS = 60  # that a browser may keep a picture


class Media:
    """Draws the figures of fits and units, one at a time, and keeps the last predictions."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._drawing, self._predicting = threading.Lock(), threading.Lock()
        self._tier = lru_cache(KEPT_FITS)(self._predict)

    def picture(self, kind: str, what: str, path: str, form: str, query: Query) -> bytes:
        """A figure as a file.

        Parameters
        ----------
        kind : str
            ``unit`` or ``fit``.
        what : str
            Name of a section of a unit; of a fit, ``scores`` or ``curves``.
        path : str
            Path of the unit or fit.
        form : str
            ``png``, ``svg`` or ``pdf``.
        query : mapping of str to str
            The URL's ``scene``, ``mei`` and ``start``.

        Returns
        -------
        bytes
            The file.

        Raises
        ------
        ConfigError
            If there is no such figure.
        """
        if (kind, what) == ("fit", "scores"):
            fit = FitKey.parse(path)
            figure = overview_figure(self.reader(lambda: unit_view.unit_rows(fit.key)))
        elif (kind, what) == ("fit", "curves"):
            figure = self._curves(FitKey.parse(path))
        elif kind == "unit" and what in SECTIONS:
            figure = self._section(SECTIONS[what], UnitOfFit.parse(path), query)
        else:
            raise ConfigError(f"no picture {kind}/{what}")
        with self._drawing:  # matplotlib's fonts are not for two threads at once
            return rendered(figure, form)

    def clip(self, unit: UnitOfFit, query: Query) -> bytes:
        """Intact MEI, suppressed MEI and their difference side by side, as WebM, at ``speed`` times their own."""
        pair = self._shown(SECTIONS["meis"], unit, query)
        clips = [pair.intact, pair.suppressed, pair.suppressed - pair.intact]
        times = max(1, CLIP_PX // (3 * pair.intact.shape[2]))
        return webm(side_by_side(clips, pair.limit, times), pair.rate_hz * speed_of(query, "1"))

    def _predict(self, fit: FitKey) -> unit_view.PredictedTier:
        key = fit.key
        found = self.reader(lambda: (training.fit_spec(key), dataset.store_paths(key), training.weights_of(key)))
        if not found[1]:
            raise ConfigError(f"fit {fit.name}: no session of its dataset is stored, so nothing is predicted")
        return unit_view.predict_test(*training.restore(*found))

    def _curves(self, fit: FitKey) -> Figure:
        if curves := self.reader(lambda: curves_of(fit.key)):
            return curves_figure(curves)
        raise ConfigError(f"fit {fit.name} has no epoch yet")

    def _section(self, section: Section, unit: UnitOfFit, query: Query) -> Figure:
        if section.holds != "repeats":
            return section.figure(self._shown(section, unit, query))
        rows = self.reader(lambda: (dataset.Dataset.Unit & unit.key).to_dicts())
        if not rows:
            raise ConfigError(f"{unit.name} is not in dataset {unit.fit.dataset_hash}")
        with self._predicting:
            tier = self._tier(unit.fit)
        return section.figure(unit_view.repeats_of(tier, unit.session, rows[0]["unit_index"], query.get("scene")))

    def _shown(self, section: Section, unit: UnitOfFit, query: Query) -> Any:
        def found() -> Any:
            start = chosen_start(unit_view.starts_of(unit.key), query)
            return section.of(unit_view.unit_report(unit.key, start, (section.holds,)))

        shown = self.reader(found)
        if not shown:
            raise ConfigError(f"{unit.name} has nothing to show yet: {section.title.lower()}")
        return shown


def register(server: flask.Flask, media: Media) -> None:
    """Serve pictures at ``/media/unit/WHAT/UNIT.FORM`` and ``/media/fit/WHAT/FIT.FORM``, clips as ``.webm``."""

    @server.get("/media/<kind>/<what>/<path:where>")
    def serve(kind: str, what: str, where: str) -> flask.Response:
        path, _, form = where.rpartition(".")
        try:
            query = query_of(flask.request.query_string.decode(errors="replace"))
            if (kind, what, form) == ("unit", "film", "webm"):
                return _response(media.clip(UnitOfFit.parse(path), query), "video/webm")
            return _response(media.picture(kind, what, path, form, query), FORMATS[form])
        except DlgnError as error:
            status = 503 if isinstance(error, Away) else 404
            return flask.Response(_sentence(str(error)), status, mimetype="image/png")


def _response(body: bytes, mimetype: str) -> flask.Response:
    response = flask.send_file(io.BytesIO(body), mimetype=mimetype, conditional=True, max_age=SECONDS)
    response.headers["Cache-Control"] = f"private, max-age={SECONDS}"
    return response


def _sentence(said: str) -> bytes:
    """An error as a picture, in the place of the one that was asked for."""
    figure = new_figure(720, 60)
    figure.text(0.01, 0.5, said, wrap=True, va="center", size=9)
    return rendered(figure, "png")
