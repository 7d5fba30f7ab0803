"""Views of results: one row a thing, plain columns, the same on both servers, as SQL.

``<training.TrainedModel>`` stands for the table's name in the database, ``<now>`` for the server's time in UTC,
``<by key>`` for MySQL's order to look rows up by their key.

All are plain joins without aggregates, from the table with a row a thing to those that say more of it. Those have a row
too, and are joined as if they might not (LEFT JOIN), so that a server begins with the first table, in the order that
is asked for, stops at the limit, and leaves out what nobody asks for. A filter by ``is_null`` must not begin with the
fits either (COALESCE). ``benchmarks/views.py`` asks them over a million rows.
"""

from collections.abc import Sequence

from dlgn_cnn.evaluation.measures import measures
from schemas.base.keys import FIT, SESSION, UNIT
from schemas.base.unit_rows import SIDES

FIT_COLUMNS = f"""t.fit_name, COALESCE(t.is_null, FALSE) AS is_null, {", ".join(f"t.{name}" for name in FIT)}"""
OF_FIT = f"""
LEFT JOIN <training.TrainedModel> t<by key> USING ({", ".join(FIT)})"""
UNIT_COLUMNS = "e.session_name, e.mouse, e.series, e.experiment"
OF_SESSION = f"LEFT JOIN <session.Session> e<by key> USING ({', '.join(SESSION)})"
EFFECTS = (
    *("data_intact_hz", "data_suppressed_hz", "data_omi", "data_omi_p", "data_omi_q", "data_omi_session_q"),
    *("model_intact_hz", "model_suppressed_hz", "model_omi", "data_rmi", "model_rmi", "data_emi", "model_emi"),
)
FINDING = ("effect", "p", "q", "session_q")
OF_MEIS = tuple(f"{view}_{name}" for view in ("clip", "extent") for name in FINDING)


def _same(one: str, other: str, columns: Sequence[str]) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in columns)


def _of(alias: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in columns)


def _measures() -> list[str]:
    """The columns of a score that are not those of ``Score.Unit``."""
    found = []
    for name, one in measures().items():
        sides = [f"{name}_{side}" for side in SIDES if one.interval]
        found += sides if name == "correlation" else [name, *sides]
    return found


FITS = f"""
SELECT {FIT_COLUMNS}, d.dataset_fn, m.model_fn, r.trainer_fn, t.score, s.mean_correlation, t.parameters,
  t.fit_seconds, CONCAT(t.fit_precision, '') AS fit_precision, t.device
FROM <training.TrainedModel> t
LEFT JOIN <dataset.DatasetConfig> d USING (dataset_hash)
LEFT JOIN <model.ModelConfig> m USING (model_hash)
LEFT JOIN <trainer.TrainerConfig> r USING (trainer_hash)
LEFT JOIN <evaluation.Score> s ON {_same("s", "t", FIT)}"""

# Of a fit's several MEI configs, a unit has the one whose hash comes first: the views meis and contrasts have all.
UNITS = f"""
SELECT {FIT_COLUMNS}, {UNIT_COLUMNS}, u.unit, n.unit_index, n.mean_rate_hz,
  u.correlation, {_of("c", _measures())}, {_of("f", EFFECTS)},
  i.mei_hash, i.starts AS mei_starts, i.mei_intact_hz, i.mei_suppressed_hz,
  x.intact_extent_px, x.suppressed_extent_px, x.strongest_null, {_of("x", OF_MEIS)}
FROM <evaluation.Score.Unit> u{OF_FIT}
{OF_SESSION}
LEFT JOIN <dataset.Dataset.Unit> n<by key> ON {_same("n", "u", ("dataset_hash", *UNIT))}
LEFT JOIN <evaluation.Score.Condition> c<by key>
  ON {_same("c", "u", (*FIT, *UNIT))} AND c.tier = 'test' AND c.opto_condition = 'all'
LEFT JOIN <evaluation.FeedbackModulation.Unit> f<by key> ON {_same("f", "u", (*FIT, *UNIT))}
LEFT JOIN <mei.MEI.Unit> i<by key> ON {_same("i", "u", (*FIT, *UNIT))}
LEFT JOIN <mei.MEI.Unit> earlier<by key> ON {_same("earlier", "i", (*FIT, *UNIT))} AND earlier.mei_hash < i.mei_hash
LEFT JOIN <mei_contrast.MEIContrast.Unit> x<by key> ON {_same("x", "i", (*FIT, "mei_hash", *UNIT))}
WHERE earlier.mei_hash IS NULL"""

MEIS = f"""
SELECT {FIT_COLUMNS}, {UNIT_COLUMNS}, i.unit, g.mei_fn, i.mei_hash, i.opto_condition, i.mei_seed, i.activation,
  i.intact_hz, i.suppressed_hz, i.norm, i.lowest, i.highest, i.violation, i.steps
FROM <mei.MEI.Stimulus> i{OF_FIT}
LEFT JOIN <mei.MEIConfig> g USING (mei_hash)
{OF_SESSION}"""

CONTRASTS = f"""
SELECT {FIT_COLUMNS}, {UNIT_COLUMNS}, c.unit, g.mei_fn, c.mei_hash, c.view, c.null_kind, c.distance, c.within,
  c.null_distance, {_of("c", FINDING)}
FROM <mei_contrast.MEIContrast.Distance> c{OF_FIT}
LEFT JOIN <mei.MEIConfig> g USING (mei_hash)
{OF_SESSION}
WHERE c.strongest"""

# A fit under way has epochs, and no name yet.
CURVES = f"""
SELECT t.fit_name, d.is_null, {_of("o", FIT)}, o.epoch, o.loss, o.penalty, o.validation_loss,
  o.validation_correlation, o.learning_rate, o.samples_per_s, o.peak_memory_bytes, o.seconds, o.ended
FROM <fitting.Epoch> o
LEFT JOIN <dataset.DatasetConfig> d USING (dataset_hash)
LEFT JOIN <training.TrainedModel> t ON {_same("t", "o", FIT)}"""

STUDIES = f"""
SELECT o.study_name, o.trial,
  CASE WHEN t.score IS NOT NULL THEN 'done' WHEN p.pruned_epoch IS NOT NULL THEN 'pruned' ELSE 'open' END AS state,
  t.score, p.pruned_epoch, o.trial_values, t.fit_name, {_of("o", FIT)}
FROM <search.Study.Trial> o
LEFT JOIN <search.PrunedTrial> p ON p.study_name = o.study_name AND p.trial = o.trial
LEFT JOIN <training.TrainedModel> t ON {_same("t", "o", FIT)}"""

WORKERS = """
SELECT w.worker_id, w.host, w.pid, w.device,
  CASE WHEN w.state = 'working' AND w.expires < <now> THEN 'lost' ELSE CONCAT(w.state, '') END AS state,
  w.started, w.heartbeat, w.progressed, l.table_name, l.held_key, l.since, w.doing
FROM <fleet.Worker> w
LEFT JOIN <fleet.Lease> l ON l.worker_id = w.worker_id"""

VIEWS = {
    "fits": FITS,
    "curves": CURVES,
    "units": UNITS,
    "meis": MEIS,
    "contrasts": CONTRASTS,
    "studies": STUDIES,
    "workers": WORKERS,
}
# The columns that tell the rows of a view apart.
KEYS = {
    "fits": FIT,
    "curves": (*FIT, "epoch"),
    "units": (*FIT, *UNIT),
    "meis": (*FIT, *UNIT, "mei_hash", "opto_condition", "mei_seed"),
    "contrasts": (*FIT, *UNIT, "mei_hash", "view"),
    "studies": ("study_name", "trial"),
    "workers": ("worker_id",),
    "failures": ("table_name", "failed_key"),
}
