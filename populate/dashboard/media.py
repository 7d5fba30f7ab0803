"""Pictures and films that the live page shows, drawn when they are asked for."""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import flask

from dlgn_cnn.data.stimuli.video import webm
from dlgn_cnn.errors import ConfigError, DlgnError
from dlgn_cnn.plots import montage
from dlgn_cnn.plots import unit as drawn
from dlgn_cnn.plots.report import curves_figure, overview_figure
from dlgn_cnn.plots.style import FORMATS, new_figure, rendered
from populate.dashboard.fit import unit_rows
from populate.dashboard.places import FitKey, Query, UnitOfFit
from populate.dashboard.reading import Away, Reader
from populate.dashboard.unit import CLIP_PX, chosen_start, rate_hz, speed_of
from populate.report import unit_view
from populate.report.report import CURVES, column
from schemas import dataset, fitting, training

KEPT_FITS = 4  # whose predictions of the test tier are kept in memory
SECONDS = 60  # that a browser may keep a picture


class Media:
    """What draws the pictures of fits and units, one at a time, and keeps the last predictions."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.of_unit: dict[str, Callable[[UnitOfFit, Query], drawn.Figure]] = {
            "responses": self._responses,
            "field": self._field,
            "meis": lambda unit, query: drawn.mei_figure(self._pair(unit, query)),
            "distance": self._distance,
            "controls": self._controls,
            "contrasts": self._contrasts,
        }
        self.of_fit: dict[str, Callable[[FitKey], drawn.Figure]] = {"curves": self._curves, "scores": self._scores}
        self._drawing, self._predicting = threading.Lock(), threading.Lock()
        self._tiers: OrderedDict[FitKey, unit_view.PredictedTier] = OrderedDict()

    def picture(self, kind: str, what: str, parts: list[str], form: str, query: Query) -> bytes:
        """A picture as ``png``, ``svg`` or ``pdf``. Raises ConfigError for one that there is not."""
        known = self.of_unit if kind == "unit" else self.of_fit if kind == "fit" else {}
        if what not in known or form not in FORMATS:
            raise ConfigError(f"no picture {kind}/{what}.{form}")
        if kind == "unit":
            unit = UnitOfFit.parse(parts)
            return self._render(lambda: self.of_unit[what](unit, query), form)
        fit = FitKey.parse(parts)
        return self._render(lambda: self.of_fit[what](fit), form)

    def film(self, unit: UnitOfFit, query: Query) -> bytes:
        """Intact MEI, suppressed MEI and their difference side by side, as WebM, at ``speed`` times their own."""
        pair = self._pair(unit, query)
        clips = [pair.intact, pair.suppressed, pair.suppressed - pair.intact]
        times = max(1, CLIP_PX // (3 * pair.intact.shape[2]))
        return webm(montage.side_by_side(clips, pair.reach, times), pair.rate_hz * speed_of(query, "1"))

    def tier(self, fit: FitKey) -> unit_view.PredictedTier:
        """What a fit predicts of its test tier, computed once while it is among the last that were asked for."""
        with self._predicting:
            if fit not in self._tiers:
                model, loaders = training.restore(*self.reader(lambda: _inputs(fit)))
                self._tiers[fit] = unit_view.predict_test(model, loaders)
            self._tiers.move_to_end(fit)
            while len(self._tiers) > KEPT_FITS:
                self._tiers.popitem(last=False)
            return self._tiers[fit]

    def _render(self, draw: Callable[[], drawn.Figure], form: str) -> bytes:
        figure = draw()
        with self._drawing:  # matplotlib's fonts are not for two threads at once
            return rendered(figure, form)

    def _responses(self, unit: UnitOfFit, query: Query) -> drawn.Figure:
        rows = self.reader(lambda: (dataset.Dataset.Unit & unit.key).to_dicts())
        if not rows:
            raise ConfigError(f"{unit.name} is not in dataset {unit.fit.dataset_hash}")
        index = rows[0]["unit_index"]
        return drawn.responses_figure(
            unit_view.repeats_of(self.tier(unit.fit), unit.session, index, query.get("scene"))
        )

    def _field(self, unit: UnitOfFit, query: Query) -> drawn.Figure:
        field = self.reader(lambda: unit_view.field_of(unit.key))
        if field is None:
            raise ConfigError(f"{unit.name} has no receptive field yet")
        return drawn.field_figure(*field, self.reader(lambda: rate_hz(unit)))

    def _pair(self, unit: UnitOfFit, query: Query) -> drawn.MEIPair:
        def found() -> drawn.MEIPair | None:
            start = chosen_start(unit_view.starts_of(unit.key), query)
            return None if start is None else unit_view.meis_of(unit.key, start, rate_hz(unit))

        pair = self.reader(found)
        if pair is None:
            raise ConfigError(f"{unit.name} has no MEIs of both lights in this fit")
        return pair

    def _distance(self, unit: UnitOfFit, query: Query) -> drawn.Figure:
        found = self.reader(lambda: unit_view.distances_of(unit.key, self._config(unit, query)))
        if not found:
            raise ConfigError(f"the MEIs of {unit.name} have no contrast yet")
        return drawn.distance_figure(found)

    def _controls(self, unit: UnitOfFit, query: Query) -> drawn.Figure:
        found = self.reader(lambda: unit_view.controls_of(unit.key, self._config(unit, query)))
        if not found:
            raise ConfigError(f"the MEIs of {unit.name} have no controls")
        return drawn.controls_figure(found)

    def _contrasts(self, unit: UnitOfFit, query: Query) -> drawn.Figure:
        found = self.reader(lambda: unit_view.contrast_curves_of(unit.key, self._config(unit, query)))
        if not found:
            raise ConfigError(f"the MEIs of {unit.name} were shown at no other contrast")
        return drawn.contrast_response_figure(found)

    def _config(self, unit: UnitOfFit, query: Query) -> str:
        start = chosen_start(unit_view.starts_of(unit.key), query)
        return "" if start is None else start[0]

    def _curves(self, fit: FitKey) -> drawn.Figure:
        rows = self.reader(lambda: (fitting.Epoch & fit.key).to_dicts(order_by="epoch"))
        if not rows:
            raise ConfigError(f"fit {fit.name} has told of no epoch")
        return curves_figure([(name, column(rows, name)) for name in CURVES])

    def _scores(self, fit: FitKey) -> drawn.Figure:
        rows = self.reader(lambda: unit_rows(fit))
        rows = [{"data_omi": None, "model_omi": None} | row for row in rows]
        return overview_figure(*(column(rows, name) for name in ("correlation", "data_omi", "model_omi")))


def register(server: flask.Flask, media: Media) -> None:
    """Serve pictures at ``/media/unit/WHAT/UNIT.FORM`` and ``/media/fit/WHAT/FIT.FORM``, films as ``.webm``."""

    @server.get("/media/<kind>/<what>/<path:where>")
    def serve(kind: str, what: str, where: str) -> flask.Response:
        path, _, form = where.rpartition(".")
        parts, query = path.split("/"), flask.request.args.to_dict()
        try:
            if (kind, what, form) == ("unit", "film", "webm"):
                return _response(media.film(UnitOfFit.parse(parts), query), "video/webm")
            return _response(media.picture(kind, what, parts, form, query), FORMATS.get(form, ""))
        except DlgnError as error:
            status = 503 if isinstance(error, Away) else 404
            return flask.Response(_sentence(str(error)), status, mimetype="image/png")


def _response(body: bytes, mimetype: str) -> flask.Response:
    response = flask.send_file(io.BytesIO(body), mimetype=mimetype, conditional=True, max_age=SECONDS)
    response.headers["Cache-Control"] = f"private, max-age={SECONDS}"
    return response


def _sentence(said: str) -> bytes:
    """What went wrong, where the picture would be."""
    figure = new_figure(720, 60)
    figure.text(0.01, 0.5, said, wrap=True, va="center", size=9)
    return rendered(figure, "png")


def _inputs(fit: FitKey) -> tuple[Any, dict[str, str], str]:
    return training.fit_spec(fit.key), dataset.store_paths(fit.key), training.weights_of(fit.key)
