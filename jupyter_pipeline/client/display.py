"""Where a Python program shows something: a notebook, a terminal or neither."""

from __future__ import annotations

import sys
from typing import Any


def is_notebook() -> bool:
    """Whether this process is a kernel, which can update what it has displayed."""
    shell = ipython_shell()
    return shell is not None and hasattr(shell, "kernel")


def moment() -> int | None:
    """The number of the cell that runs, where there are cells."""
    shell = ipython_shell()
    return int(shell.execution_count) if shell is not None else None


def display(html: str, text: str) -> Any:
    """Show a fragment in a notebook, as text where that is all that can be shown; the handle to update it by."""
    from IPython.display import display as show

    return show({"text/html": html, "text/plain": text}, raw=True, display_id=True)  # type: ignore[no-untyped-call]


def ipython_shell() -> Any:
    """IPython's shell, if this runs in one; IPython is not imported for that."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None
