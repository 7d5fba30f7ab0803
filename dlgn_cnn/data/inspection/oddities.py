"""What is odd about a session, by its facts alone: each warning says what was found, and what it would mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from dlgn_cnn.data.binning import CLOCK_TOLERANCE

HIGHEST_HZ, LOWEST_HZ = 200.0, 0.01
SHOWN = 12  # stretches of unit numbers
CLOCKS = "check that both are on one clock"


def warnings_of(facts: Mapping[str, Any]) -> list[str]:
    """Sentences on what is odd; none for a session that has all that a comparison of feedback needs."""
    scenes, opto, shown = facts["scenes"], facts["opto"], facts["presentations"]
    tests, once, rates_hz = scenes["test"], scenes["test_shown_once"], scenes["frame_rate_hz"]
    odd_files = scenes["odd_files"]
    measured_hz = facts["frames"]["measured_rate_hz"] or rates_hz[0]
    share = shown["share_of_scene"]
    one_factor = share is not None and share["highest"] - share["lowest"] <= CLOCK_TOLERANCE * share["median"]
    times = share["median"] if one_factor else 1.0
    odd = {
        "no scene is for training: no model can be fitted": not scenes["train"],
        "no scene is for testing: there will be no test score": not tests,
        "each test scene is shown once: there is no noise ceiling": 0 < once == tests,
        f"{once} of {tests} test scenes are shown once: the noise ceiling comes from the others": 0 < once < tests,
        f"every presentation lasts {times:.3g} times as long as its scene: is its frame rate right?": _apart(times),
        f"frames appeared at {measured_hz:.4g} Hz, but scenes have {rates_hz[0]:.4g} Hz": len(rates_hz) == 1
        and _apart(measured_hz / rates_hz[0]),
        f"the clocks of {len(odd_files)} scene files are odd, as {''.join(odd_files[:1])}": len(odd_files) > 0,
        "no light: no effect of feedback can be fitted or tested": opto is None,
    }
    if opto is not None:
        odd[f"the light meets no presentation: {CLOCKS}"] = opto["presentations_without"] == shown["count"]
        dark = opto["presentations_throughout"] < shown["count"]
        odd["the light is on throughout all presentations: there is nothing to compare with"] = not dark
    for name, signal in facts["signals"].items():
        value = signal["value"] or {"lowest": None, "highest": 0}
        odd[f"{name} holds no value"] = signal["value"] is None
        odd[f"{name} never changes"] = value["lowest"] == value["highest"]
        odd[f"{name} meets no presentation: {CLOCKS}"] = signal["value"] is not None and signal["share_known"] == 0
    return [*_of_units(facts["units"]), *(said for said, holds in odd.items() if holds)]


def _of_units(units: Mapping[str, Any]) -> list[str]:
    kinds = {"never_fired": "never fired"}
    if not units["binned"] and units["share_in_presentations"]:
        for third in ("first", "last"):
            kinds[f"silent_in_{third}_third"] = f"fired, but not in the {third} third of the presented time: lost?"
        kinds["too_fast"] = f"fired at more than {HIGHEST_HZ:g} Hz: noise, or several cells"
        kinds["too_slow"] = f"fired at less than {LOWEST_HZ:g} Hz in presentations"
    said = ["responses are binned, without spike times: nothing finer can be fitted"] * units["binned"]
    said += [f"no response falls into a presentation: {CLOCKS}"] * (units["share_in_presentations"] == 0)
    return said + [f"unit {stretches(units[kind])} {words}" for kind, words in kinds.items() if units[kind]]


def stretches(units: Sequence[int]) -> str:
    """Numbers of units in words, those that follow each other as one stretch.

    >>> stretches([4, 1, 2, 3, 9])
    '1-4, 9'
    """
    found: list[list[int]] = []
    for unit in sorted(units):
        if not found or unit > found[-1][1] + 1:
            found.append([unit, unit])
        found[-1][1] = unit
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in found[:SHOWN]]
    return ", ".join(shown + [f"and others, {len(units)} in all"] * (len(found) > SHOWN))


def _apart(ratio: float) -> bool:
    return abs(ratio - 1) > CLOCK_TOLERANCE
