"""A small study that is really run, and sources that count what they are asked."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_pipeline.client import Response
from jupyter_pipeline.client.local import LocalSource
from jupyter_pipeline.widgets import watching

from .support import action, make_project


class Counting:
    """This machine's store, with how often which operation was asked for."""

    def __init__(self, folder: Path) -> None:
        self._source = LocalSource(folder)
        self.counts: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"Counting({self.place!r})"

    @property
    def place(self) -> str:
        return self._source.place

    @property
    def root(self) -> Path:
        return self._source.root

    def ask(self, operation: str, body: Any = None, **parameters: Any) -> Response:
        self.counts[operation] += 1
        return self._source.ask(operation, body, **parameters)


def actions() -> str:
    made = action("make", "echo secret > output/raw.csv", level="highly_sensitive", raw="output/raw.csv")
    table = "printf 'region,count\\nA,10\\nB,8675309\\n' > output/table.csv; echo made a table"
    made += action("table", table, needs="make", table="output/table.csv")
    return made + action("broken", "echo it went wrong; exit 3", needs="make", x="output/x.csv")


@contextlib.contextmanager
def followed_study(folder: Path) -> Iterator[Path]:
    """A study below a folder; when it is over, nothing looks at its store any more."""
    yield make_project(folder / "study", actions())
    for watch in watching.watches():
        watch.end(10)
    watching._watches.clear()
