"""The order of the tests: files that take minutes come first, so that no worker is left alone with one at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.places import REPOSITORY

SLOW = ("browser", "test_example_studies.py", "test_example_notebooks.py", "executors", "server", "engine")
"""What takes longest, below tests/; `make test` hands files out in this order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first; within a file nothing moves."""
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    first = path.relative_to(REPOSITORY / "tests").parts[0]
    return SLOW.index(first) if first in SLOW else len(SLOW)
