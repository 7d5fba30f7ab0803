"""Whether MEIs beat their controls before models that took no part: queries, computed whenever they are asked."""

from typing import Any

from schemas import dataset, mei_control, optogenetics

# What judges say to a stimulus in the light that it was made for.
OWN_LIGHT_HZ = "CASE WHEN opto_condition = 'intact' THEN judged_intact_hz ELSE judged_suppressed_hz END"


def judged_margins() -> Any:
    """Each unit's MEI beside the best of its controls, in the light that both are for: a row a unit and condition.

    ``mei_hz`` and ``best_control_hz`` are the judges' mean rates, ``margin_hz`` the first less the second. A query, to
    restrict and join like a table; fits without judges are not in it.
    """
    shown = mei_control.MEIControl.proj() * dataset.Dataset.Unit.proj() * optogenetics.OptoCondition.proj()
    judged = mei_control.MEIControl.Stimulus & "judged_intact_hz IS NOT NULL"
    heard = judged.proj(own_hz=OWN_LIGHT_HZ)
    meis = shown.aggr(heard & "control = 'mei'", exclude_nonmatching=True, mei_hz="max(own_hz)")
    best = shown.aggr(heard & "control != 'mei'", exclude_nonmatching=True, best_control_hz="max(own_hz)")
    return (meis * best).proj("mei_hz", "best_control_hz", margin_hz="mei_hz - best_control_hz")


def winning_units() -> Any:
    """Each unit's number of lights in which its MEI was judged, ``lights``, and the least of its margins in them.

    ``winning_units() & "least_margin_hz > 0"`` are the units whose MEIs beat every control.
    """
    shown = mei_control.MEIControl.proj() * dataset.Dataset.Unit.proj()
    lights, least = "count(margin_hz)", "min(margin_hz)"
    return shown.aggr(judged_margins(), exclude_nonmatching=True, lights=lights, least_margin_hz=least)
