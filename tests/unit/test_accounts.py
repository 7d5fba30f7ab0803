"""What is changed of an account's grants, against a small model of how MySQL keeps them."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from populate.fleet.accounts import ALL_RIGHTS, RIGHTS, grant_changes

WANTED = {"a_mei": RIGHTS, "a_session": RIGHTS}
PLACES = [r"`a\_mei`.*", r"`a\_session`.*", r"`a\_%`.*", r"`a\_b\_mei`.*", "`a_mei`.`mei`", "*.*"]
grants = st.dictionaries(
    st.sampled_from(PLACES),
    st.tuples(st.frozensets(st.sampled_from(sorted(ALL_RIGHTS))), st.booleans()).filter(
        lambda held: held[0] or held[1]
    ),
)


def shown(held: dict[str, tuple[frozenset[str], bool]]) -> list[str]:
    """The lines of ``SHOW GRANTS``."""
    lines = ["GRANT USAGE ON *.* TO `w`@`%`"]
    for place, (rights, option) in held.items():
        words = "ALL PRIVILEGES" if rights == ALL_RIGHTS and place != "*.*" else ", ".join(sorted(rights)) or "USAGE"
        lines.append(f"GRANT {words} ON {place} TO `w`@`%`{' WITH GRANT OPTION' if option else ''}")
    return lines


def applied(held, statements):
    """The grants after each statement, as MySQL would keep them."""
    now = {place: (set(rights), option) for place, (rights, option) in held.items()}
    for statement in statements:
        verb, rights, place = re.fullmatch(r"(GRANT|REVOKE) (.+) ON (.+) (?:TO|FROM) 'w'@'%'", statement).groups()
        words = set(rights.split(", "))
        words |= ALL_RIGHTS if "ALL PRIVILEGES" in words else set()
        has, option = now.get(place, (set(), False))
        if verb == "GRANT":
            assert not words <= has, "what it has is not given again"
            now[place] = (has | words, option)
        else:
            assert words - {"GRANT OPTION", "ALL PRIVILEGES"} <= has | ALL_RIGHTS
            now[place] = (has - words, option and "GRANT OPTION" not in words)
        yield {place: (frozenset(rights), option) for place, (rights, option) in now.items() if rights or option}


@given(grants)
def test_an_account_ends_with_the_wanted_rights_and_never_loses_one_on_the_way(held):
    states = [held, *applied(held, grant_changes("w", shown(held), WANTED))]
    assert states[-1] == {r"`a\_mei`.*": (RIGHTS, False), r"`a\_session`.*": (RIGHTS, False)}
    for place in (r"`a\_mei`.*", r"`a\_session`.*"):
        for before, after in itertools.pairwise(states):
            lost = before.get(place, (frozenset(), False))[0] - after.get(place, (frozenset(), False))[0]
            assert not lost & RIGHTS
    assert grant_changes("w", shown(states[-1]), WANTED) == []


def test_roles_and_rights_on_routines_are_taken_back():
    lines = [
        "GRANT `boss`@`%` TO `w`@`%`",
        "GRANT EXECUTE ON PROCEDURE `x`.`p` TO `w`@`%`",
        "GRANT BACKUP_ADMIN ON *.* TO `w`@`%`",
    ]
    found = grant_changes("w", lines, {})
    assert found == [
        "REVOKE `boss`@`%` FROM 'w'@'%'",
        "REVOKE EXECUTE ON PROCEDURE `x`.`p` FROM 'w'@'%'",
        "REVOKE BACKUP_ADMIN ON *.* FROM 'w'@'%'",
    ]
