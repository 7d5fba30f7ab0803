"""One page of text on each session, made from its facts alone: what a person reads before anything is fitted."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from dlgn_cnn.data.inspection.facts import Facts
from dlgn_cnn.data.inspection.oddities import stretches
from dlgn_cnn.errors import one_sentence

WIDTH, NAME_WIDTH = 100, 17
MOST_SENTENCES, MOST_NAMES = 10, 6
SECTIONS = ("alignment", "left_out", "not_used", "warnings")  # of sentences, those that there are
TOPICS = ("units", "scenes", "presentations", "frames", "opto")
OF_UNITS = ("numbers", "never_fired", "silent_in_first_third", "silent_in_last_third", "too_fast", "too_slow")
UNITS = {"_s": " s", "_hz": " Hz", "_px": " px"}


def pages(facts: Facts) -> str:
    """The facts of a recording as text: a page a session, at most ``WIDTH`` columns wide whatever names hold."""
    head = {"recording": facts["path"], "reader": f"{facts['reader']}, {facts['how']}", "options": facts["options"]}
    lines = [line for name, said in head.items() if said for line in _paragraph(name, str(said))]
    return "\n\n".join("\n".join(one) for one in (lines, *(_session(one) for one in facts["sessions"])))


def _session(facts: Facts) -> Iterator[str]:
    yield f"{facts['session']}{' (simulated: no animal was recorded)' if facts['simulated'] else ''}"
    yield from _paragraph("source", facts["source"])
    for topic, found in ({topic: facts[topic] for topic in TOPICS} | facts["signals"]).items():
        shown = {key: value for key, value in (found or {}).items() if key != "unit_rates_hz" and value != []}
        said = "; ".join(f"{_name(key)} {_said(key, value)}" for key, value in shown.items())
        yield from _paragraph("light" if topic == "opto" else topic, said or "none")
    for section in filter(facts.__contains__, SECTIONS):
        every, rest = facts[section] or ["none"], len(facts[section]) - MOST_SENTENCES
        for number, said in enumerate(every[:MOST_SENTENCES] + [f"and {rest} more, which --json lists"] * (rest > 0)):
            yield from _paragraph("" if number else section, said)


def _paragraph(name: str, said: str) -> list[str]:
    """Lines of printable text, the name of their topic before the first."""
    indent = f"  {name.replace('_', ' ')}".ljust(NAME_WIDTH)
    return textwrap.wrap(one_sentence(said), WIDTH, initial_indent=indent, subsequent_indent=" " * NAME_WIDTH)


def _name(key: str) -> str:
    return re.sub("_(s|hz|px)$", "", key).replace("_", " ")


def _said(key: str, value: Any) -> str:
    """A value in words, in the unit that its name ends with."""
    if key in OF_UNITS:
        return stretches(value)
    if isinstance(value, Mapping) and "median" in value:
        low, middle, high = (_said(key, one) for one in value.values())
        return low if low == high else f"{low} to {high} (median {middle})"
    if isinstance(value, Mapping | list):
        named = value.items() if isinstance(value, Mapping) else [("", one) for one in value]
        every = [f"{name}{': ' if name else ''}{_said(key, one)}" for name, one in named]
        return " / ".join(every[:MOST_NAMES] + ["..."] * (len(every) > MOST_NAMES))
    unit = UNITS.get(f"_{key.rpartition('_')[2]}", "")
    if value is None or isinstance(value, str | bool):
        return f"{value}{unit}" if isinstance(value, str) else {True: "yes", False: "no", None: "none"}[value]
    if key.startswith("share"):
        return f"{100 * value:.4g} %"
    return f"{value:,.0f}{unit}" if isinstance(value, int) or 1000 <= abs(value) < 1e15 else f"{value:.4g}{unit}"
