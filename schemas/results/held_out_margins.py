"""Margins of MEIs over their controls, by held-out models: queries, computed whenever they are fetched."""

from typing import Any

from schemas import dataset, mei_control, optogenetics

# Rate of held-out models for a stimulus in the condition that it was made for.
OWN_CONDITION_HZ = "CASE WHEN opto_condition = 'intact' THEN held_out_intact_hz ELSE held_out_suppressed_hz END"


def held_out_margins() -> Any:
    """Each unit's MEI and the best of its controls, in the condition that both are for: a row a unit and condition.

    ``mei_hz`` and ``best_control_hz`` are the held-out models' mean rates, ``margin_hz`` the first less the second. A
    query, to restrict and join like a table; fits without held-out models are not in it.
    """
    shown = mei_control.MEIControl.proj() * dataset.Dataset.Unit.proj() * optogenetics.OptoCondition.proj()
    held_out = mei_control.MEIControl.Stimulus & "held_out_intact_hz IS NOT NULL"
    heard = held_out.proj(own_hz=OWN_CONDITION_HZ)
    meis = shown.aggr(heard & "control = 'mei'", exclude_nonmatching=True, mei_hz="max(own_hz)")
    best = shown.aggr(heard & "control != 'mei'", exclude_nonmatching=True, best_control_hz="max(own_hz)")
    return (meis * best).proj("mei_hz", "best_control_hz", margin_hz="mei_hz - best_control_hz")


def winning_units() -> Any:
    """Each unit's number of opto conditions with a margin, ``conditions``, and the least of its margins in them.

    ``winning_units() & "least_margin_hz > 0"`` are the units whose MEIs beat every control.
    """
    shown = mei_control.MEIControl.proj() * dataset.Dataset.Unit.proj()
    conditions, least = "count(margin_hz)", "min(margin_hz)"
    return shown.aggr(held_out_margins(), exclude_nonmatching=True, conditions=conditions, least_margin_hz=least)
