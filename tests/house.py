"""Measures of the house: ``python -m tests.house`` prints ``NAME VALUE AIM ok|short`` for each, and what is short.

Counted over the three rooms, from the source alone; imports count wherever they stand. ``make lint`` runs it.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from numpydoc.hooks.validate_docstrings import AstValidator
from numpydoc.validate import validate

from tests.unit.test_architecture import FLAT_FILES, MODULES, circles, code_lines

ROOT = Path(__file__).resolve().parents[1]
CODE_LINES = 28_000  # or the first argument
BODY_P90, BODY_LONGEST, FILE_LONGEST = 20, 40, 300
DESCRIBED = 0.95  # share of the public callables with more than two parameters
DOCTESTS, IDIOMS = 40, 20
# No parameter missing, none unknown, what is returned, a summary that is a sentence.
CHECKS = ("PR01", "PR02", "RT01", "SS03")
DATAJOINT_CALLS = ("make", "make_fetch", "make_compute", "make_insert")  # DataJoint's contract, described once
# Words that no native speaker writes in technical prose; docs/reference/glossary.md holds what we write.
UNUSUAL = (
    "whoever", "whither", "anew", "nobody", "lest", "thereof", "beside", "of before", "but for", "such as are",
    r"(?:is|are) to be", r"hears? of", "fellows?", r"(?<!there )(?:is|are) no(?! longer| one)",
)  # fmt: skip
BRITISH = (
    r"\w*(?:avour|aviour|colour|normalis|standardis|initialis|optimis|regularis|randomis|factoris|parametris|quantis)\w*",
    r"\w*(?:synthesis(?:e[ds]?|ing)\b|maximis|minimis|prioritis|recognis|generalis|serialis|centre|grey|labell|modell)\w*",
)


class Measure(NamedTuple):
    """One line of the report."""

    name: str
    value: float
    aim: float
    good: bool
    short: list[str]


Function = ast.FunctionDef | ast.AsyncFunctionDef
SOURCES = {name: path.read_text() for name, path in MODULES.items()}
TREES = {name: ast.parse(text) for name, text in SOURCES.items()}


def bodies() -> list[tuple[int, str]]:
    """The lines of code of each function's body."""
    found = []
    for name, tree in TREES.items():
        rows = SOURCES[name].splitlines()
        for node in ast.walk(tree):
            if isinstance(node, Function):
                body = node.body[ast.get_docstring(node) is not None :]
                if body:
                    used = rows[body[0].lineno - 1 : node.end_lineno]
                    lines = sum(bool(row.strip()) and row.lstrip()[0] != "#" for row in used)
                    found.append((lines, f"{name}.{node.name}"))
    return sorted(found)


class Callable(NamedTuple):
    """A public function or method, with its docstring: that of ``__init__`` includes the one of its class."""

    module: str
    node: Function
    ancestry: list[ast.AST]
    parameters: list[str]
    docs: str


def public_callables() -> Iterator[Callable]:
    """Every public function, and every public method of a public class."""
    for name, tree in TREES.items():
        classes = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and not one.name.startswith("_")]
        for owner in (tree, *classes):
            for node in owner.body:
                if isinstance(node, Function) and (node.name == "__init__" or not node.name.startswith("_")):
                    given = node.args
                    every = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
                    docs = ast.get_docstring(node) or ""
                    if node.name == "__init__":
                        docs += ast.get_docstring(owner) or ""
                    own = [one for one in every if one not in ("self", "cls", "key")]
                    yield Callable(name, node, [tree] if owner is tree else [tree, owner], own, docs)


def is_command(node: Function) -> bool:
    """Whether a function is a command of ``dlgn``, whose parameters are described by their help."""
    return any(".command(" in ast.unparse(one) for one in node.decorator_list)


def undescribed() -> tuple[int, list[str]]:
    """How many public callables have more than two parameters, and which of them do not describe these."""
    owed = [
        one
        for one in public_callables()
        if len(one.parameters) > 2 and one.node.name not in DATAJOINT_CALLS and not is_command(one.node)
    ]
    return len(owed), [f"{one.module}.{one.node.name}" for one in owed if "Parameters\n" not in one.docs]


def invalid() -> list[str]:
    """What numpydoc finds wrong with docstrings that describe parameters."""
    found = []
    for one in public_callables():
        node, ancestry = one.node, one.ancestry
        if node.name == "__init__":
            node, ancestry = one.ancestry[-1], one.ancestry[:-1]  # described in the docstring of the class
        docs = ast.get_docstring(node) or ""
        if "Parameters\n" not in docs:
            continue
        given = {"ast_node": node, "filename": MODULES[one.module], "ancestry": ancestry}
        report = validate(f"{one.module}.{node.name}", AstValidator, **given)
        found += [f"{one.module}.{node.name}: {code} {text}" for code, text in report["errors"] if code in CHECKS]
    return found


def doctests() -> int:
    """How many docstrings hold an example that is run."""
    nodes = (node for tree in TREES.values() for node in ast.walk(tree))
    documented = (node for node in nodes if isinstance(node, ast.Module | ast.ClassDef | Function))
    return sum(">>> " in (ast.get_docstring(node) or "") for node in documented)


def words(patterns: tuple[str, ...]) -> Counter[str]:
    """How often each pattern's words stand in the source."""
    found: Counter[str] = Counter()
    for text in SOURCES.values():
        for pattern in patterns:
            found.update(one.lower() for one in re.findall(rf"\b{pattern}\b", text, re.IGNORECASE))
    return found


def named_twice() -> list[str]:
    """Public classes of one name in two rooms."""
    homes: dict[str, set[str]] = defaultdict(set)
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(name.partition(".")[0])
    return sorted(name for name, rooms in homes.items() if len(rooms) > 1)


def at_most(name: str, value: float, aim: float, short: list[str] | None = None) -> Measure:
    """A measure that is good up to its aim."""
    return Measure(name, value, aim, value <= aim, short or [])


def measures(most_lines: int = CODE_LINES) -> list[Measure]:
    """All measures, in the order in which they are printed."""
    lines = {name: code_lines(text) for name, text in SOURCES.items()}
    flat = Counter(str(path.parent.relative_to(ROOT)) for path in MODULES.values() if path.name != "__init__.py")
    sizes = bodies()
    owed, lacking = undescribed()
    share, wrong = 1 - len(lacking) / owed, invalid()
    idioms, british, twice = words(UNUSUAL), words(BRITISH), named_twice()
    longest = max(lines, key=lambda name: lines[name])
    return [
        at_most("code_lines", sum(lines.values()), most_lines),
        at_most("import_circles", len(circles()), 0, circles()),
        at_most("flat_files_most", max(flat.values()), FLAT_FILES, [str(flat.most_common(1))]),
        at_most("body_p90", sizes[int(0.9 * (len(sizes) - 1))][0], BODY_P90),
        at_most("body_longest", sizes[-1][0], BODY_LONGEST, [sizes[-1][1]]),
        at_most("file_longest", lines[longest], FILE_LONGEST, [longest]),
        Measure("parameters_described", round(share, 3), DESCRIBED, share >= DESCRIBED, lacking),
        at_most("docstrings_invalid", len(wrong), 0, wrong),
        Measure("doctests", doctests(), DOCTESTS, doctests() >= DOCTESTS, []),
        at_most("idioms", sum(idioms.values()), IDIOMS, [f"{word} {n}" for word, n in idioms.most_common()]),
        at_most("british_spellings", sum(british.values()), 0, [f"{word} {n}" for word, n in british.most_common()]),
        at_most("class_names_in_two_rooms", len(twice), 0, twice),
    ]


def main() -> int:
    """Print all measures; 1 where one is short."""
    found = measures(*map(int, sys.argv[1:]))
    for one in found:
        sys.stdout.write(f"{one.name} {one.value:g} {one.aim:g} {'ok' if one.good else 'short'}\n")
        if not one.good:
            sys.stdout.writelines(f"    {line}\n" for line in one.short)
    return int(not all(one.good for one in found))


if __name__ == "__main__":
    sys.exit(main())
