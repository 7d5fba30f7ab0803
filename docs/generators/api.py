"""One page per package, with all its public modules, from their docstrings."""

from pathlib import Path

from generators.rst import heading

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dlgn_cnn", "schemas", "populate")
# The reference of tables describes tables; their classes, as autodoc sees them, are DataJoint's machinery.
TABLES = "   :exclude-members: definition, contents, key_source, make_fetch, make_compute, make_insert"


def pages() -> dict[str, str]:
    """Map each page's name below the generated folder to its text."""
    packages = {file.parent for room in ROOMS for file in (ROOT / room).rglob("__init__.py")}
    return {f"api/{_dotted(package)}.rst": _page(package) for package in sorted(packages)}


def _page(package: Path) -> str:
    name = _dotted(package)
    files = [file for file in sorted(package.glob("*.py")) if not file.stem.startswith("_") and not _of_commands(file)]
    modules = [name, *(f"{name}.{file.stem}" for file in files)]
    return "\n".join([heading(name), *map(_module, modules)])


def _module(name: str) -> str:
    head = "" if name.count(".") == 0 else heading(name, 1)
    options = [TABLES] if name.startswith("schemas.") else []
    return "\n".join([head, f".. automodule:: {name}", *options, ""])


def _of_commands(file: Path) -> bool:
    """Whether a module holds commands: the reference of the command shows these."""
    return "typer.Typer(" in file.read_text()


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parts)
