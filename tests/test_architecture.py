"""The rules of the house, held by tests: layers, import cost, size of files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "jupyter_pipeline"

LAYERS = {
    "nouns": "models view_records person config errors",
    "rules": (
        "yamlsyntax yamlscalars yamltree yamlplaces rulesets spec spec_action spec_checks spec_extraction spec_faults "
        "spec_paths spec_schema spec_files study_files command_files script_files script_uses script_r script_stata "
        "upgrade additions graph looks wording layout layout_order layout_part renderings fragments patterns plan "
        "lifecycle durations levels commands notebook_commands notebook_flags notebook_parameters "
        "notebook_declarations notebook_progress dependencies pysource compare alignment differences "
        "notebook_differences"
    ),
    "effects": (
        "store store_reading store_guard store_rows store_schema pipeline_cache staging outputs tables git snapshots "
        "trees joblog ids lease docker_engine notebook_driver notebook_imports reports runtimes executors"
    ),
    "application": (
        "views project project_looking project_machine project_viewing project_comparing engine service planning "
        "foresight publication following history code_comparison output_comparison housekeeping doctor checking "
        "rewriting notebook_watch reporting documents comparison_documents viewing protection kernels kernel_sessions"
    ),
    "surfaces": "cli server interactive widgets magics",
}
"""A module imports its own row or a higher-standing one of this list, never a later one (docs/architecture.md)."""

ROW = {name: row for row, names in enumerate(LAYERS.values()) for name in names.split()}
HEAVY = (
    "nbformat",
    "nbconvert",
    "papermill",
    "tornado",
    "ipywidgets",
    "anywidget",
    "docker",
    "rich",
    "psutil",
    "pyarrow",
)


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports_of(path: Path) -> set[str]:
    """The modules of this package that a module imports, as their first name below the package."""
    package = ["jupyter_pipeline", *path.relative_to(PACKAGE).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            full = [*base, *(node.module.split(".") if node.module else [])]
            names = [[*full, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        else:
            continue
        found |= {
            name[1] for name in names if name[0] == "jupyter_pipeline" and len(name) > 1 and name[1] != "__version__"
        }
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_no_later_layer(path: Path) -> None:
    name = name_of(path)
    assert name in ROW, f"{name} is in no layer: add it to LAYERS and to docs/architecture.md"
    for imported in imports_of(path):
        assert ROW[imported] <= ROW[name], f"{name} imports {imported}, which stands above it"


def test_imports_have_no_cycles() -> None:
    needs: dict[str, set[str]] = {}
    for path in modules():
        needs.setdefault(name_of(path), set()).update(imports_of(path) - {name_of(path)})
    import graphlib

    order = list(graphlib.TopologicalSorter(needs).static_order())
    assert len(order) >= len(needs)


def test_only_the_store_says_sqlite3() -> None:
    for path in modules():
        if path.name not in ("store.py", "store_guard.py"):
            assert "sqlite3" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("module", ["jupyter_pipeline", "jupyter_pipeline.project"])
def test_importing_is_cheap(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in HEAVY if name in loaded]


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
