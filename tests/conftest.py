"""The order of the tests: files that take minutes come first, so that no worker is left alone with one at the end."""

from __future__ import annotations

import pytest

SLOW = ("browser", "test_example_studies.py", "test_example_notebooks.py", "executors", "server", "engine")
"""What takes longest, below tests/; `make test` hands files out in this order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first; within a file nothing moves."""
    items.sort(key=lambda item: _place(item.nodeid.removeprefix("tests/").partition("::")[0]))


def _place(file: str) -> int:
    first = file.split("/", maxsplit=1)[0]
    return SLOW.index(first) if first in SLOW else len(SLOW)
