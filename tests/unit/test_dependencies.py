"""What is asked of dependencies: a bound above on those whose private names are used, and a lock of what was tested."""

import ast
import importlib
import importlib.metadata
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dlgn_cnn", "schemas", "populate")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKED_EXTRAS = ("dev", "docs", "dashboard")
DOCUMENTED = {"_replace", "_asdict", "_fields", "_exit"}  # of named tuples, and of os
# Private names that the product uses, by the distribution that has them. Any release of it may change them.
PRIVATE = {
    "datajoint": {
        "_build_connect_kwargs",
        "_cached",
        "_codec_config",
        "_config",
        "_conn",
        "_extract_context",
        "_get_backend",
        "_heading",
        "_is_closed",
        "_populate1",
        "_prefix",
    },
    "deeplake": {"_deeplake"},
    "pymysql": {"_read_timeout", "_sock", "_write_timeout"},
}


def private(name: str) -> bool:
    return re.fullmatch(r"_(?!_)\w+", name) is not None and name not in DOCUMENTED


def third_party(name: str) -> bool:
    return name.partition(".")[0] not in {*PACKAGES, *sys.stdlib_module_names}


def imported(tree: ast.Module) -> dict[str, str]:
    """The path, in another package, of each name that a module imports."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                found[one.asname or one.name.partition(".")[0]] = one.name if one.asname else one.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return {name: path for name, path in found.items() if third_party(path)}


def defined(tree: ast.Module) -> Iterator[str]:
    """Names that a module of ours gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def mentioned(tree: ast.Module) -> Iterator[str]:
    """Names that a module takes from something: attributes, also as text, what it imports, and parts of modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module and third_party(node.module):
            yield from (*node.module.split("."), *(one.name for one in node.names))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr"):
            yield from (str(one.value) for one in node.args[1:2] if isinstance(one, ast.Constant))
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "sys.modules":
            yield from ast.unparse(node.slice).strip("'").split(".")


def inherited(tree: ast.Module) -> Iterator[str]:
    """Attributes of ``self`` and ``super()``, in classes of ours, that the class of another package has, too."""
    names = imported(tree)
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        for base in (one for one in node.bases if not isinstance(one, ast.Subscript)):
            root, _, rest = ast.unparse(base).partition(".")
            if root not in names:
                continue
            module, _, name = ".".join(filter(None, (names[root], rest))).rpartition(".")
            source = Path(str(inspect.getsourcefile(getattr(importlib.import_module(module), name)))).read_text()
            for one in (one for one in ast.walk(node) if isinstance(one, ast.Attribute)):
                if ast.unparse(one.value) in ("self", "super()") and re.search(rf"\b{one.attr}\b", source):
                    yield one.attr


def test_each_private_name_of_another_package_is_listed():
    """A new one is to be avoided; else its distribution needs a bound above in pyproject.toml and a row in PRIVATE."""
    trees = [ast.parse(path.read_text()) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    own = {name for tree in trees for name in defined(tree)}
    used = {name for tree in trees for name in mentioned(tree)} - own | {
        one for tree in trees for one in inherited(tree)
    }
    assert {name for name in used if private(name)} <= set().union(*PRIVATE.values())
    there = {name for tree in trees for name in (*mentioned(tree), *defined(tree))}
    assert set().union(*PRIVATE.values()) <= there


@pytest.mark.parametrize("distribution", sorted(PRIVATE))
def test_a_distribution_whose_private_names_are_used_has_them_and_a_bound_above(distribution):
    files = [file for file in importlib.metadata.files(distribution) or () if file.suffix in (".py", ".so")]
    words = {word for file in files if file.suffix == ".py" for word in re.findall(r"\w+", file.read_text())}
    assert PRIVATE[distribution] <= words | {file.name.partition(".")[0] for file in files}
    asked = next(one for one in map(Requirement, PROJECT["dependencies"]) if one.name == distribution)
    assert {one.operator for one in asked.specifier} & {"<", "<=", "==", "~="}, f"{asked} has no bound above"


def locked() -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package of the lock."""
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    found = {}
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        pinned = re.fullmatch(r"([a-z0-9-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)", entry)
        assert pinned, f"{entry!r} is not of pip's form"
        found[pinned[1]] = pinned[2], re.findall("sha256:([0-9a-f]{64})", pinned[3])
    return found


def test_the_lock_holds_every_dependency_in_its_range_with_a_hash():
    pinned = locked()
    assert len(pinned) > 100
    asked = PROJECT["dependencies"] + [one for name in LOCKED_EXTRAS for one in PROJECT["optional-dependencies"][name]]
    for one in map(Requirement, asked):
        version, hashes = pinned[canonicalize_name(one.name)]
        assert one.specifier.contains(version, prereleases=True), f"the lock has {version} of {one}: run make lock"
        assert hashes


def test_the_lock_holds_what_its_packages_need():
    """As far as they are installed here in the same version: pip refuses a lock that lacks one."""
    pinned, looked_at = locked(), 0
    for name, (version, _) in pinned.items():
        try:
            there = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if there.version != version:
            continue
        for one in map(Requirement, there.requires or ()):
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                assert one.specifier.contains(pinned[canonicalize_name(one.name)][0], prereleases=True), (
                    f"{name}: {one}"
                )
                looked_at += 1
    if not looked_at:
        pytest.skip("none of the lock's versions is installed here")


def test_the_lock_names_no_place():
    """Where packages come from is for each machine's pip to know."""
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"://|^-|^ *--(?!hash=)| @ ", text, re.M)
    assert re.search(r"Python 3\.\d+, \w+, \w+, torch ", text.splitlines()[0])
