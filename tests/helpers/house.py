"""The rooms of the package, what each promises, and who imports whom."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from pathlib import Path

from .places import PACKAGE, REPOSITORY

LAYERS = {
    "nouns": "_version models errors wording",
    "settings": "person config",
    "rules": "graph rules scripts spec",
    "effects": "tables diffs snapshots store runtimes reports notebooks outputs",
    "application": "executors pages fragments planning protection kernels engine project",
    "surfaces": "api client magics widgets server cli",
}
"""A module imports its own row or a higher-standing one of this list, never a later one (docs/architecture.md)."""
ROW = {name: row for row, names in enumerate(LAYERS.values()) for name in names.split()}
EVERYTHING = "jupyter_pipeline"
FILES, CLOCK, PROCESSES = ("os", "io", "shutil", "tempfile", "glob"), ("time",), ("subprocess", "multiprocessing")
NEVER: Mapping[str, tuple[str, ...]] = {
    "models": (EVERYTHING, *FILES, *CLOCK, *PROCESSES),
    "graph": (*FILES, *CLOCK, *PROCESSES),
    "rules": (*FILES, *CLOCK, *PROCESSES, "sqlite3"),
    "scripts": ("jupyter_pipeline.spec", *CLOCK, *PROCESSES),
    "spec": ("jupyter_pipeline.store", "jupyter_pipeline.snapshots", "jupyter_pipeline.engine", *CLOCK, *PROCESSES),
    "tables": ("jupyter_pipeline.pages", "markupsafe"),
    "diffs": ("jupyter_pipeline.pages", "html", "markupsafe"),
    "snapshots": ("jupyter_pipeline.store",),
    "store": ("jupyter_pipeline.rules", "jupyter_pipeline.executors"),
    "runtimes": ("jupyter_pipeline.store",),
    "notebooks": ("jupyter_pipeline.executors",),
    "reports": ("jupyter_pipeline.store", "jupyter_pipeline.project"),
    "outputs": ("jupyter_pipeline.executors",),
    "executors": ("jupyter_pipeline.store",),
    "pages": ("jupyter_pipeline.project",),
    "fragments": ("jupyter_pipeline.project",),
    "api": ("tornado", "jupyter_server"),
    "client": ("jupyter_pipeline.server",),
    "config": ("jupyter_pipeline.store",),
}
"""What a folder promises not to touch, as modules that none of its files imports; the column "Never" of the docs."""
SURFACES = ("server", "cli", "widgets", "magics")
"""None of these imports another."""
TOGETHER: Mapping[str, tuple[str, str]] = {
    "_version": ("test_architecture", "one line"),
    "api": ("server/test_routes", "each function answers a route, and is asked through it"),
    "cli": ("cli/test_cli", "commands are run as a person runs them"),
    "client": ("client/test_project", "all of it is reached through Project"),
    "diffs/code": ("project/test_code_comparison", "three tuples"),
    "engine": ("engine/test_loop", "whoever waits for an engine sees what these do"),
    "executors": ("executors/test_contract", "one contract for every executor, with faults"),
    "executors/containers": ("executors/test_docker", "what runs beside a container is seen from a job in one"),
    "fragments": ("fragments/test_fragments", "each is a page's piece, held to one safety"),
    "graph": ("graph/test_layout", "layers and lines are seen in the drawing"),
    "kernels/sessions": ("kernels/test_specs", "a session is begun by its kernelspec"),
    "magics": ("magics/test_magics", "lines are typed as a person types them"),
    "models": ("models/test_jobs", "nouns that do nothing"),
    "models/documents": ("models/test_documents", "classes of fields, made and read by one function"),
    "notebooks/driver": ("notebooks/driver/test_runs", "notebooks are run by the whole driver"),
    "notebooks": ("notebooks/test_commands", "flags and parameters are those of a command"),
    "outputs/job_folder": ("executors/test_contract", "names, and removing what a job left"),
    "pages": ("pages/test_safety", "each is a page, held to one safety"),
    "planning/history": ("project/test_code_comparison", "seen from the comparison of two requests"),
    "project": ("project/test_facade", "all of it is reached through Project"),
    "protection": ("protection/test_protection", "one question: why may this file not be seen?"),
    "reports": ("reports/test_reports", "notebooks become pages"),
    "runtimes": ("runtimes/test_environments", "runtimes are looked at and built as a whole"),
    "runtimes/docker": ("runtimes/test_images", "seen from images of a real Engine"),
    "scripts": ("scripts/test_scripts", "each script is read by what knows its language"),
    "server": ("server/test_routes", "handlers are asked over HTTP"),
    "snapshots/trees": ("snapshots/test_pool", "trees are laid down from the pool"),
    "spec": ("spec/test_parsing", "a text becomes a pipeline or all its problems"),
    "spec/yaml": ("spec/yaml/test_tree", "a text becomes a tree with places"),
    "store": ("store/test_database", "one database, opened by one class"),
    "tables": ("tables/test_tables", "files of every kind are read by one function"),
    "widgets": ("widgets/test_views", "widgets are shown in a kernel"),
}
"""Modules without a test file of their own name, or folders with such: where they are tested, and why there."""
SAME = ("Job", "Plan")
"""Names of classes that stand in ``client.objects`` and once more."""
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
    """The files of the package, but its own ``__init__``."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path: Path) -> str:
    """The room that a file belongs to: a folder, or a module at the top."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def module_of(path: Path) -> str:
    """The dotted name of a file's module."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def imports() -> Mapping[str, frozenset[str]]:
    """By module: what it imports, wherever in its file; a name from a package as a module where it is one."""
    known = {module_of(path): path for path in modules()}
    return {name: frozenset(_imports(path, known)) - {name} for name, path in known.items()}


def _imports(path: Path, known: Mapping[str, Path]) -> set[str]:
    package = list(path.relative_to(REPOSITORY).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join([*base, *(node.module.split(".") if node.module else [])])
            found |= {name if (name := f"{whole}.{alias.name}") in known else whole for alias in node.names}
    return found


def rooms_of(module: str) -> set[str]:
    """The rooms that a module imports from."""
    return {name.split(".")[1] for name in imports()[module] if name.startswith("jupyter_pipeline.")}
