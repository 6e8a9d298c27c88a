"""The rooms of the package, and who imports whom."""

from __future__ import annotations

import ast
from pathlib import Path

from .places import PACKAGE

LAYERS = {
    "nouns": "_version models person config errors",
    "rules": "wording graph rules scripts spec tables diffs",
    "effects": "reports executors snapshots store runtimes notebooks outputs",
    "application": "protection engine planning kernels pages fragments project",
    "surfaces": "widgets magics api client server cli",
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
        found |= {name[1] for name in names if name[0] == "jupyter_pipeline" and len(name) > 1}
    return found
