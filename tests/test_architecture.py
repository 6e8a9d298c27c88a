"""The rules of the house, held by tests: layers, import cost, size of files."""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from jupyter_pipeline import __version__
from tests.helpers.house import (
    HEAVY,
    NEVER,
    ROW,
    SAME,
    SURFACES,
    TOGETHER,
    imports,
    module_of,
    modules,
    name_of,
    rooms_of,
)
from tests.helpers.places import PACKAGE, REPOSITORY


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_no_later_layer(path: Path) -> None:
    name = name_of(path)
    assert name in ROW, f"{name} is in no layer: add it to LAYERS and to docs/architecture.md"
    for imported in rooms_of(module_of(path)):
        assert ROW[imported] <= ROW[name], f"{name} imports {imported}, which stands above it"


def test_rooms_have_no_circles() -> None:
    needs: dict[str, set[str]] = {}
    for path in modules():
        needs.setdefault(name_of(path), set()).update(rooms_of(module_of(path)) - {name_of(path)})
    assert set(graphlib.TopologicalSorter(needs).static_order()) >= set(needs)


def test_files_have_no_circles() -> None:
    """Also where an import stands in a function: a circle is one thought in two files."""
    own = {name: needed & imports().keys() for name, needed in imports().items()}
    assert set(graphlib.TopologicalSorter(own).static_order()) >= set(own)


@pytest.mark.parametrize("room", NEVER)
def test_a_room_does_not_touch_what_it_promises_not_to(room: str) -> None:
    for path in modules():
        if name_of(path) == room:
            own = f"jupyter_pipeline.{room}"
            touched = {name for name in imports()[module_of(path)] if name != own and not name.startswith(f"{own}.")}
            for never in NEVER[room]:
                assert not [name for name in touched if name == never or name.startswith(f"{never}.")], path


@pytest.mark.parametrize("room", SURFACES)
def test_a_surface_imports_no_other(room: str) -> None:
    for path in modules():
        if name_of(path) == room:
            assert not rooms_of(module_of(path)) & set(SURFACES) - {room}, path


def test_a_screen_shows_the_whole_house() -> None:
    shown = [entry.name for entry in PACKAGE.iterdir() if entry.name != "__pycache__"]
    assert len(shown) <= 40


def test_only_the_store_says_sqlite3() -> None:
    for path in modules():
        if path.parent != PACKAGE / "store":
            assert "sqlite3" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("module", ["jupyter_pipeline", "jupyter_pipeline.project.facade"])
def test_importing_is_cheap(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in HEAVY if name in loaded]


@pytest.mark.parametrize("module", ["cli.plan", "cli.status", "cli.run", "engine.service", "executors.shim"])
def test_documents_are_loaded_by_who_makes_some(module: str) -> None:
    """The many small classes take longer to define than all else that these import."""
    code = f"import sys, jupyter_pipeline.{module}; print('jupyter_pipeline.models.documents' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_small(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 600, "break it up"


def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 matches such wrongly (its issue 106052); an atomic group does the same: ``(?>(?:...)*)``."""
    repeated = re.compile(r"(?<!\\)[)}][*+?]\+")
    for path in modules():
        texts = [
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not [text for text in texts if repeated.search(text)], path


def test_the_front_end_has_the_same_version() -> None:
    found = json.loads((REPOSITORY / "labextension/package.json").read_text(encoding="utf-8"))["version"]
    assert found.replace("-", ".") == __version__


def test_every_import_is_declared() -> None:
    """What another package brings along today may be gone tomorrow."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["tables"]]
    declared = {distribution_name(requirement) for requirement in asked}
    brought = packages_distributions()
    imported = {name.split(".")[0] for names in imports().values() for name in names}
    for name in imported - sys.stdlib_module_names - {"jupyter_pipeline"}:
        assert {distribution_name(each) for each in brought[name]} & declared, f"{name} is imported and not declared"


def distribution_name(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_every_module_has_tests_of_its_own_or_a_reason() -> None:
    tests = REPOSITORY / "tests"
    used = set()
    for path in modules():
        place = path.relative_to(PACKAGE).with_suffix("")
        if place.name in ("__init__", "__main__") or (tests / place.parent / f"test_{place.name}.py").exists():
            continue
        reasons = [name for name in (place.as_posix(), place.parent.as_posix()) if name in TOGETHER]
        assert reasons, f"{place} has no tests/{place.parent}/test_{place.name}.py and no reason in TOGETHER"
        used.add(reasons[0])
    assert used == set(TOGETHER), "a reason that nobody needs any more"
    for file, _ in TOGETHER.values():
        assert (tests / f"{file}.py").is_file(), file


def test_a_class_has_a_name_of_its_own() -> None:
    """But for what the Python interface calls by the words of the rest; see `SAME`."""
    homes: dict[str, list[str]] = {}
    for path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module_of(path))
    shared = {name: places for name, places in homes.items() if len(places) > 1}
    assert set(shared) == set(SAME), shared
    assert all("jupyter_pipeline.client.objects" in places for places in shared.values())
