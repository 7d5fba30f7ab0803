"""Failed keys are grouped by cause: what varies between keys does not make another one."""

import shlex
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from populate.fleet.failures import FIRST, grouped, where_option

HEX = st.uuids().map(lambda one: one.hex)
VARYING = {
    "integer": st.integers().map(str),
    "real": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "hash": HEX,
    "short hash": HEX.map(lambda one: f"a1{one[:6]}"),
    "path": st.tuples(HEX, st.integers(0, 99)).map("/data/{0[0]}/rec_{0[1]}.npy".format),
    "relative path": st.tuples(HEX, st.integers(0, 99)).map("data/{0[0]}/x{0[1]}.npy".format),
    "URL": HEX.map("s3://bucket/{}/weights".format),
    "time": st.datetimes().map(str),
    "machine": st.integers(0, 999).map("gpu{}".format),
}


def causes(*said: tuple[dict, str, str]):
    return grouped("Score", ((key, {"status": status, "error_message": text}) for key, status, text in said))


@pytest.mark.parametrize("kind", VARYING)
@given(data=st.data())
def test_what_varies_between_keys_is_one_cause(kind, data):
    values = data.draw(st.lists(VARYING[kind], min_size=2, max_size=20))
    (cause,) = causes(
        *(({"seed": n}, "error", f"RuntimeError: no unit of {value}, in the end") for n, value in enumerate(values))
    )
    assert cause.count == len(values)
    assert cause.keys == [{"seed": n} for n in range(min(FIRST, len(values)))]
    said = values[0] if len(set(values)) == 1 else None
    if said is None and kind not in ("real", "time"):  # which may share a part, as their date
        assert cause.reason == "RuntimeError: no unit of …, in the end"
    elif said is not None:
        assert cause.reason == f"RuntimeError: no unit of {said}, in the end"


@given(names=st.lists(st.text("abcdef_", min_size=3, max_size=12), min_size=2, max_size=9, unique=True))
def test_the_keys_own_values_do_not_make_another_cause(names):
    (cause,) = causes(
        *(({"session_name": name}, "error", f"session '{name}' has no units: ingest it again") for name in names)
    )
    assert cause.reason == "session '…' has no units: ingest it again"


def test_hashes_of_letters_alone_are_those_of_the_key():
    hashes = ["abcdefab" * 4, "ffeeddcc" * 4]
    (cause,) = causes(*(({"model_hash": one}, "error", f"model {one[:8]} is too large") for one in hashes))
    assert cause.reason == "model … is too large"


def test_what_says_something_else_is_another_cause_and_the_most_frequent_comes_first():
    found = causes(
        ({"seed": 0}, "error", "KeyError: 'seed'"),
        ({"seed": 1}, "error", "KeyError: 'model'"),
        ({"seed": 2}, "ignore", "KeyError: 'model'"),
        ({"seed": 3}, "error", "KeyError: 'model'"),
        ({"seed": 4}, "error", ""),
    )
    assert [(cause.count, cause.reason) for cause in found] == [
        (2, "KeyError: 'model'"),
        (1, "KeyError: 'seed'"),
        (1, "KeyError: 'model'"),
        (1, "no reason was given"),
    ]
    assert found[0].sentence == "Score: 2 keys failed: KeyError: 'model'"
    assert found[2].sentence == "Score: 1 key is set aside: KeyError: 'model'"


def test_lost_leases_on_other_machines_in_another_order_of_pids_are_one_cause():
    texts = [
        f"3 tries: (1) the worker on {host}, pid {pid}, died at 2026-11-30 12:0{pid}:01.25; (2) full"
        for host, pid in (("alpha", 1), ("beta.lab", 2), ("gpu-3", 3))
    ]
    (cause,) = causes(*(({"seed": n}, "error", text) for n, text in enumerate(texts)))
    assert cause.reason == "3 tries: (1) the worker on …, pid …, died at 2026-11-30 …; (2) full"


@pytest.mark.parametrize("part", ["abcdef", "a.b-", "x/", "::", "1:", "../", "s3:/"])
def test_a_long_message_takes_no_longer_than_its_length(part):
    """A pattern that looks from each letter to the end of its word would take minutes."""
    (cause,) = causes(({"seed": 0}, "error", part * 200_000 + "!"))
    assert cause.count == 1


def test_a_cause_is_the_first_line_of_a_message():
    (cause,) = causes(({"seed": 0}, "error", "RuntimeError: Error(s) in\tloading:\n\tMissing key(s)\n"))
    assert cause.reason == "RuntimeError: Error(s) in loading:"


@given(value=st.text(min_size=1, max_size=20).filter(lambda text: "\x00" not in text), seed=st.integers())
def test_an_option_survives_a_shell(value, seed):
    option, condition = shlex.split(where_option({"session_name": value, "seed": seed}))
    assert option == "--where"
    assert condition == f"session_name = '{value.replace(chr(39), 2 * chr(39))}' AND seed = {seed}"


def test_hashes_are_cut_in_an_option():
    digest = uuid.uuid4().hex
    assert where_option({"model_hash": digest}) == f"--where \"model_hash LIKE '{digest[:8]}%'\""
