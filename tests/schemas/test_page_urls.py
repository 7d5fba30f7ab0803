"""Whatever a URL of the live page says, the answer is not a fault of the server's, and leads nowhere else."""

import json
import re
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytest.importorskip("dash", reason="the live page is an extra: pip install 'dlgn_cnn[dashboard]'")

from populate.dashboard.places import FitKey, UnitOfFit
from tests.filled import fill

MANY = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
ODD = [
    "",
    "0",
    "-1",
    "nan",
    "inf",
    "1e999",
    "9" * 30,
    "²",
    "٣",
    "%",
    "%s",
    "%(a)s",
    "';--",
    "\0",
    "\ud800",
    "..",
    "//e.x",
]
ODD += [
    "a" * 9000,
    "[" * 3000,
    "\\",
    "\n",
    "javascript:alert(1)",
    "{}",
    "null",
    "fits",
    "units",
    "1",
    "mean_correlation",
]
ODD += [json.dumps([["seed", "equals", "\0"]]), '[["model_fn", "contains", "%"]]', '[["seed","inRange",1,1e999]]']
TEXT = st.one_of(st.sampled_from(ODD), st.text(max_size=30))
NUMBERS = ["start", "speed", "x", "columns[]"]
NAMES = st.sampled_from(
    ["of", "columns", "order", "where", "experiment", "shuffled", "fits", "table", "scene", "mei", *NUMBERS]
)
QUERY = st.dictionaries(NAMES, TEXT, max_size=5)


@pytest.fixture(scope="module")
def page(database):
    """A client of the page, paths of a fit and a unit that are there, and its reader."""
    from populate.dashboard.app import build
    from populate.dashboard.reading import Reader
    from schemas import evaluation, fleet

    fill(3, 3)
    reader = Reader()
    unit = UnitOfFit.of(reader(lambda: evaluation.Score.Unit.keys(limit=1, order_by="KEY"))[0])
    yield build(reader).server.test_client(), unit
    connection = fleet.schema.connection
    connection._config["database.reconnect"] = True
    connection.connect()


def escaped(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def shown(client, path: str, search: str):
    """The answer to the page's own question for what is at a URL."""
    output = "..page.children...away.children...again.interval...written.data.."
    ids = [("where", "pathname", path), ("where", "search", search), ("again", "n_intervals", None)]
    inputs = [{"id": name, "property": what, "value": value} for name, what, value in ids]
    outputs = [{"id": one.split(".")[0], "property": one.split(".")[1]} for one in output.strip(".").split("...")]
    state = [{"id": "written", "property": "data", "value": None}]
    body = {"output": output, "outputs": outputs, "inputs": inputs, "state": state}
    body["changedPropIds"] = ["where.search"]
    return client.post("/_dash-update-component", json=body)


def paths(unit: UnitOfFit) -> st.SearchStrategy[str]:
    known = st.sampled_from(["/", "/fits", "/leaderboard", "/errors", f"/fit/{unit.fit.path}", f"/unit/{unit.path}"])
    parts = st.lists(TEXT, max_size=7).map("/".join)
    return st.one_of(
        known,
        st.sampled_from(["/fit/", "/unit/", "/", "//", "/leaderboard/"]).flatmap(
            lambda head: parts.map(lambda rest: head + rest)
        ),
    )


def test_no_url_of_a_page_is_a_fault_of_the_server(page):
    client, unit = page

    @MANY
    @given(paths(unit), QUERY)
    @example("/leaderboard", {"experiment": "100%"})
    @example("/leaderboard", {"columns": " ".join(["seed"] * 2000)})
    def ask(path, query):
        search = "?" + "&".join(f"{escaped(name)}={escaped(value)}" for name, value in query.items())
        answer = shown(client, path, search)
        assert answer.status_code < 500, answer.text[-2000:]

    ask()


def test_no_url_is_answered_by_a_fault_or_leads_elsewhere(page):
    client, unit = page
    media = st.tuples(
        st.sampled_from(["unit", "fit", "..", "x"]),
        st.sampled_from(["meis", "film", "scores", "curves", "responses", "distance", "x", "%2e%2e"]),
        st.one_of(st.just(unit.path), st.just(unit.fit.path), TEXT.map(escaped)),
        st.sampled_from(["png", "svg", "webm", "exe", "", "png/x"]),
    ).map(lambda one: f"/media/{one[0]}/{one[1]}/{one[2]}.{one[3]}")
    anywhere = st.one_of(media, paths(unit).map(lambda path: quote(path, errors="surrogatepass")))

    @settings(MANY, max_examples=80)
    @given(anywhere, QUERY)
    @example("//evil.example/x", {})
    @example("/media//unit/meis/x.png", {})
    @example("/media/unit/meis//evil.example/x.png", {})
    def ask(path, query):
        search = "&".join(f"{escaped(name)}={escaped(value)}" for name, value in query.items())
        answer = client.get("http://localhost/" + path.removeprefix("/") + f"?{search}")
        assert answer.status_code < 500, answer.text[-2000:]
        there = urlsplit(answer.headers.get("Location", ""))
        assert (there.scheme, there.netloc) == ("", "")
        assert not answer.headers.get("Location", "").startswith("//")

    ask()


def test_scripts_run_only_from_here_or_by_their_hash(page):
    client, _ = page
    answer = client.get("/")
    scripts = re.search(r"script-src ([^;]*)", answer.headers["Content-Security-Policy"])[1].split()
    assert scripts[0] == "'self'"
    assert all(re.fullmatch(r"'sha256-[\w+/=]+'", one) for one in scripts[1:])
    assert len(scripts) > 1
    assert answer.headers["Content-Security-Policy"].count("unsafe-inline") == 1  # of styles


@pytest.mark.parametrize("path", ["d/m/t/9999999999999999999", "d/m/t/²", "d;/m/t/0", "d/m/../0", "d/m/t/-1"])
def test_a_fit_is_named_by_hashes_and_a_small_number(path):
    with pytest.raises(ValueError, match="three hashes"):
        FitKey.parse(path)
