"""The live page without a browser: who gets in, that nothing is written, that leaderboards say what tables say."""

import json
import re
import time

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("dash", reason="the live page is an extra: pip install 'dlgn_cnn[dashboard]'")

from dlgn_cnn.errors import ConfigError
from populate.dashboard.access import check_access
from populate.dashboard.places import FitKey, UnitOfFit, place, query_of

TOKEN = "a-token-of-more-than-16-letters"
FITS, UNITS = 6, 5


@pytest.fixture(scope="module")
def scored(database):
    """Scored fits of made-up configs, inserted as rows; each unit's figures as a frame."""
    from schemas import evaluation, training
    from schemas.mei_control import shuffled_datasets
    from schemas.model import ModelConfig
    from tests.filled import fill

    fill(FITS, UNITS)
    ModelConfig.add("ln", {})
    units = evaluation.Score.Unit * evaluation.FeedbackModulation.Unit * training.TrainedModel.proj("parameters")
    return pd.DataFrame((units - shuffled_datasets().proj()).to_dicts())


@pytest.fixture(scope="module")
def reader(scored):
    from populate.dashboard.reading import Reader
    from schemas import fleet

    found = Reader()
    yield found
    # Other tests write over the same connection.
    connection = fleet.schema.connection
    connection._config["database.reconnect"] = True
    connection.connect()


@pytest.fixture(scope="module")
def build(reader):
    from populate.dashboard.app import build

    return lambda token=None: build(reader, token).server.test_client()


@pytest.fixture(scope="module")
def browser(build):
    return build()


def test_only_this_machine_is_served_without_a_token():
    for host in ("127.0.0.1", "localhost", "::1", "127.8.8.8"):
        check_access(host, None)
    for host in ("0.0.0.0", "192.168.1.5", "::", "gpu3"):
        with pytest.raises(ConfigError, match="set DLGN_DASHBOARD_TOKEN"):
            check_access(host, None)
        check_access(host, TOKEN)
    with pytest.raises(ConfigError, match="5 characters, expected 16"):
        check_access("127.0.0.1", "short")


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost", "[::1]:8050"])
def test_a_request_for_this_machine_gets_the_page(browser, host):
    assert browser.get("/", headers={"Host": host}).status_code == 200


def test_a_name_that_was_led_here_by_others_gets_nothing(browser):
    answer = browser.get("/", headers={"Host": "evil.example:8050"})
    assert answer.status_code == 403
    assert b"dash" not in answer.data


def test_with_a_token_every_route_asks_for_it(build):
    client = build(TOKEN)
    for path in ("/", "/_dash-layout", "/_dash-dependencies", "/media/fit/scores/a/b/c/0.png", "/assets/page.css"):
        assert client.get(path).status_code == 401, path
        assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.post("/_dash-update-component", json={}).status_code == 401
    assert client.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_browser_asks_for_the_token_as_a_password(build):
    client = build(TOKEN)
    refused = client.get("/leaderboard?of=units", auth=("me", f"{TOKEN}x"))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert TOKEN not in refused.text
    for name in ("", "me"):
        assert client.get("/", auth=(name, TOKEN)).status_code == 200
    assert client.get("/", auth=(TOKEN, "")).status_code == 401
    assert client.get("/").status_code == 401


def test_a_page_may_load_from_nowhere_else(browser):
    policy = browser.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert browser.get("/").headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert b"https://" not in browser.get("/").data


def test_the_server_refuses_what_the_page_would_write(reader):
    from schemas import session

    with pytest.raises(Exception, match=r"(?i)read.only"):
        reader(lambda: session.Mouse.insert1({"mouse": "Intruder", "simulated": True}))
    assert not reader(lambda: session.Mouse & "mouse = 'Intruder'")


def test_a_server_that_was_away_is_asked_again_and_still_refuses_to_write(reader, monkeypatch):
    from populate.dashboard import reading
    from schemas import fleet, session

    refused = type("OperationalError", (Exception,), {"__module__": "psycopg2", "pgcode": None})("no server")

    def away():
        raise refused

    monkeypatch.setattr(reading, "reconnect", away)
    fleet.schema.connection.close()
    for _ in range(2):
        with pytest.raises(reading.Away, match="does not answer"):
            reader(lambda: len(session.Mouse()))
    monkeypatch.undo()
    reader._failed = time.monotonic() - reading.AGAIN_S
    assert reader(lambda: len(session.Mouse())) == 1
    with pytest.raises(Exception, match=r"(?i)read.only"):
        reader(lambda: session.Mouse.insert1({"mouse": "Intruder", "simulated": True}))


TICK = {
    "output": "..pipeline-graph.elements...pipeline-table.children...pipeline-workers.children..",
    "outputs": [
        {"id": "pipeline-graph", "property": "elements"},
        {"id": "pipeline-table", "property": "children"},
        {"id": "pipeline-workers", "property": "children"},
    ],
    "inputs": [{"id": "pipeline-clock", "property": "n_intervals", "value": 1}],
    "changedPropIds": ["pipeline-clock.n_intervals"],
}


def test_a_page_that_is_open_says_that_the_database_is_away(browser, monkeypatch):
    from populate.dashboard.pipeline import Pipeline
    from populate.dashboard.reading import Away

    def away(*_):
        raise Away

    assert "The database" not in browser.post("/_dash-update-component", json=TICK).text
    monkeypatch.setattr(Pipeline, "elements", away)
    answer = browser.post("/_dash-update-component", json=TICK)
    assert answer.status_code == 200
    sides = answer.json["sideUpdate"]
    assert sides["away"]["children"]["props"]["children"].startswith("The database does not answer.")
    assert 1000 <= sides["again"]["interval"] <= 10_000


def board_of(reader, of, **query):
    from populate.dashboard.leaderboard import Leaderboard

    board = Leaderboard(reader, {"of": of, **query})
    return board.rows(0, 1000), board.count()


def test_units_are_sorted_with_what_is_not_known_last(reader, scored):
    for order, ascending in (("correlation", True), ("-correlation", False)):
        rows, count = board_of(reader, "units", order=order, columns="correlation data_omi")
        expected = scored.correlation.sort_values(ascending=ascending, na_position="last")
        np.testing.assert_allclose([row["correlation"] or np.nan for row in rows], expected)
        assert count == len(scored) == FITS * UNITS
    assert rows[-1]["correlation"] is None


@pytest.mark.parametrize(
    ("how", "values", "keep"),
    [
        ("greaterThan", ["0.3"], lambda x: x > 0.3),
        ("lessThanOrEqual", ["0.3"], lambda x: x <= 0.3),
        ("inRange", ["0.2", "0.4"], lambda x: x.between(0.2, 0.4)),
        ("blank", [], lambda x: x.isna()),
        ("notBlank", [], lambda x: x.notna()),
    ],
)
def test_numbers_are_filtered_as_pandas_does(reader, scored, how, values, keep):
    rows, count = board_of(reader, "units", where=json.dumps([["correlation", how, *values]]))
    assert len(rows) == count == keep(scored.correlation).sum() > 0


def test_any_value_of_a_config_is_a_column_to_show_filter_and_sort_by(reader):
    path, name = "model.core.channels[0]", "model.core.name"
    rows, _ = board_of(reader, "fits", columns=f"seed {path} {name}", order=f"-{path}")
    assert [row[path] for row in rows] == sorted((row[path] for row in rows), reverse=True)
    assert {row[name] for row in rows} == {"stacked_2d", "factorized_3d"}
    # As a pattern, "c_ed" would be found in "stacked".
    assert board_of(reader, "fits", where=json.dumps([[name, "contains", "c_ed"]]))[1] == 0
    where = json.dumps([[path, "greaterThanOrEqual", "4"], [name, "contains", "ED_2"]])
    rows, count = board_of(reader, "units", columns=f"correlation {path} {name}", where=where)
    assert count == len(rows) > 0
    assert all(row[path] >= 4 and row[name] == "stacked_2d" for row in rows)


def test_a_filter_is_never_sql(reader):
    for text in ("' OR 1=1 --", "%", "_", "\\"):
        assert board_of(reader, "fits", where=json.dumps([["model_fn", "contains", text]]))[1] == 0
    with pytest.raises(ConfigError, match="expected a number"):
        board_of(reader, "fits", where=json.dumps([["score", "equals", "1 OR 1=1"]]))


def test_one_experiments_fits_and_those_to_shuffled_light(reader):
    assert board_of(reader, "fits", experiment="filled")[1] == FITS
    with pytest.raises(ConfigError, match=r"experiment 'filed': .*did you mean 'filled'"):
        board_of(reader, "fits", experiment="filed")
    assert board_of(reader, "fits", shuffled="1")[1] == FITS + 1


def test_an_unknown_column_leads_to_the_nearest(reader):
    with pytest.raises(ConfigError, match=r"did you mean 'model\.core\.channels\[0\]'"):
        board_of(reader, "fits", columns="model.core.chanels[0]")
    with pytest.raises(ConfigError, match="where"):
        board_of(reader, "fits", where="not json")


def test_only_new_epochs_are_fetched_and_a_fit_that_began_again_is_drawn_anew(reader, monkeypatch):
    from populate.dashboard import fits
    from populate.dashboard.places import FitKey
    from schemas import training

    fit = FitKey.of(reader(lambda: training.TrainedModel.keys(limit=1, order_by="KEY"))[0])
    figure, cursor = fits.whole(reader, [fit])
    assert cursor == {fit.path: 9}
    assert list(figure.data[0].x) == list(range(10))
    fetched = []
    rows = type(reader).rows
    monkeypatch.setattr(type(reader), "rows", lambda *given: fetched.append(found := rows(*given)) or found)
    patch, known = fits.more(reader, {fit.path: 6})
    assert ([row[0] for row in fetched[0]], known) == ([6, 7, 8, 9], cursor)
    assert json.loads(json.dumps(patch.to_plotly_json()))["operations"][0]["params"]["value"] == [7, 8, 9]
    assert fits.more(reader, {fit.path: 12})[0] is None


def test_a_place_names_its_unit_and_back():
    unit = UnitOfFit(FitKey("d", "m", "t", 3), "Mouse_s01_e02", 7)
    assert UnitOfFit.parse(unit.path) == unit
    assert unit.key["experiment"] == 2
    assert query_of(place("", {"a": "1", "b": "x y&z"}, a=None)) == {"b": "x y&z"}
    for wrong in ("d/m/t/x", "d/m/t", ""):
        with pytest.raises(ConfigError, match="three hashes"):
            FitKey.parse(wrong)


def test_every_page_is_there_and_what_is_not_says_so(reader):
    from populate.dashboard.app import find
    from populate.dashboard.pipeline import Pipeline
    from schemas import evaluation

    unit = UnitOfFit.of(reader(lambda: evaluation.Score.Unit.keys(limit=1, order_by="KEY"))[0])
    stages = Pipeline(reader)
    pages = ("/", "/fits", "/leaderboard", "/errors", f"/fit/{unit.fit.path}", f"/unit/{unit.path}")
    for path in pages:
        assert find(reader, stages, path, {}) is not None
    for path in ("/nowhere", "/fit/a/b/c/0", f"/unit/{unit.fit.path}/Mouse_s01_e01/99", "/unit/x"):
        with pytest.raises(ValueError, match=r"no |No "):
            find(reader, stages, path, {})


def test_the_pipeline_is_drawn_as_the_tables_depend_on_one_another(reader):
    from populate.dashboard.pipeline import Pipeline

    pipeline = Pipeline(reader)
    elements = pipeline.elements(pipeline.stages())
    edges = {(one["data"]["source"], one["data"]["target"]) for one in elements if "source" in one["data"]}
    assert {("Dataset", "TrainedModel"), ("TrainedModel", "Score"), ("Score", "MEI"), ("MEI", "MEIContrast")} <= edges
    assert ("Dataset", "MEI") not in edges
    x = {one["data"]["id"]: one["position"]["x"] for one in elements if "position" in one}
    assert all(x[start] < x[end] for start, end in edges)


def test_lines_that_begin_at_different_boxes_turn_at_different_places(reader):
    """Else two of them look like one that forks: from a config to a table that does not know it."""
    from populate.dashboard.pipeline import Pipeline

    pipeline = Pipeline(reader)
    elements = pipeline.elements(pipeline.stages())
    x = {one["data"]["id"]: one["position"]["x"] for one in elements if "position" in one}
    lines = [one["data"] for one in elements if "source" in one["data"]]
    corners: dict[tuple[float, str], set[str]] = {}
    for line in lines:
        corners.setdefault((x[line["target"]], line["turn"]), set()).add(line["source"])
    assert len(corners) > 5
    assert all(len(starts) == 1 for starts in corners.values())


def test_a_table_with_nothing_in_it_is_not_called_done():
    from populate.dashboard.pipeline import Stage

    counts = {"empty": (0, 0, 0, 0, 0), "done": (3, 0, 0, 0, 0), "todo": (3, 0, 1, 0, 0), "error": (3, 1, 1, 1, 0)}
    assert {state: Stage("Score", given).state for state, given in counts.items()} == {name: name for name in counts}


def test_a_config_with_nothing_in_it_is_no_column(reader):
    from populate.dashboard.leaderboard import all_leaves
    from schemas.model import ModelConfig

    assert len(ModelConfig.Leaf & {"path": ""}) == 1
    assert "model." not in all_leaves(reader)[0]


def test_a_picture_of_what_is_not_there_says_why(browser):
    answer = browser.get("/media/unit/meis/d/m/t/0/Mouse_s01_e01/1.png")
    assert (answer.status_code, answer.mimetype) == (404, "image/png")
    assert browser.get("/media/unit/nothing/d/m/t/0/Mouse_s01_e01/1.png").status_code == 404


DISTANCE = dict(distance=0.4, within=0.1, null_distance=0.1, effect=3.0, p=0.001, q=0.003)


@pytest.mark.parametrize(
    ("kind", "q", "said"),
    [
        ("shuffled", 0.003, r"differ beyond fits to shuffled light in: clip\. Radius"),
        ("shuffled", 0.3, r"differ no more than fits to shuffled light do\. Radius"),
        (
            "starts",
            0.003,
            r"beyond relabeled random starts in: clip\. This null tests the synthesis, not the recording",
        ),
        ("members", 0.003, r"beyond fits from other seeds in: clip\. This null tests the training, not the recording"),
    ],
)
def test_a_finding_is_claimed_only_of_the_null_that_allows_it(kind, q, said):
    from dlgn_cnn.plots.feedback_contrast import ViewDistance
    from dlgn_cnn.plots.unit import feedback_contrast_sentence

    clip = ViewDistance(view="clip", null_kind=kind, **(DISTANCE | {"q": q}))
    assert re.search(said, feedback_contrast_sentence([clip], (3.0, 4.0)))


def test_no_effect_of_the_light_is_claimed_that_is_not_established():
    from dlgn_cnn.plots.unit import opto_sentence

    row = {"data_intact_hz": 8.0, "data_suppressed_hz": 6.0, "data_omi": -0.143, "data_omi_q": 0.01}
    assert "it lowers the mean rate (8.00 spikes/s with feedback, 6.00 without" in opto_sentence(row)
    assert "no effect on the mean rate is established" in opto_sentence(row | {"data_omi_q": 0.2})
    assert "not known" in opto_sentence({})


@pytest.mark.parametrize("held_out", [None, 5.0])
def test_contrast_curves_are_what_held_out_models_say_where_there_are_any(monkeypatch, held_out):
    from populate.report.unit_view import contrast_curves_of
    from schemas.mei_control import MEIControl

    row = {"opto_condition": "suppressed", "intact_hz": 9.0, "suppressed_hz": 7.0}
    rows = [
        row | {"contrast": c, "held_out_intact_hz": held_out, "held_out_suppressed_hz": held_out} for c in (0.0, 1.0)
    ]

    class Part:
        def __and__(self, _):
            return self

        def to_dicts(self, order_by):
            return sorted(rows, key=lambda one: one[order_by])

    monkeypatch.setattr(MEIControl, "ContrastResponse", Part(), raising=False)
    found = contrast_curves_of({})
    assert list(found) == ["suppressed"]
    assert found["suppressed"].contrast.tolist() == [0, 1]
    assert found["suppressed"].intact_hz.tolist() == [9.0 if held_out is None else 5.0] * 2
