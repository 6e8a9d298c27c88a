"""The module that draws widgets in a browser, and whether there is anybody who could run it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
ENV = "JUPYTER_PIPELINE_WIDGETS"
"""``live`` or ``static`` decides what is shown; otherwise what is known of the front end does."""
NOT_BUILT = (
    "Widgets are shown as they were when the cell ran, because the module that draws them was not built. "
    "Build it with `make labextension`, or install a released package."
)


@cache
def text(name: str) -> str:
    """A file of the module; empty where it was not built."""
    try:
        return (STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def is_live() -> bool:
    """Whether the cell that runs now is shown in a front end that may run widgets.

    What executes notebooks without anybody (nbconvert, papermill, nbclient) cannot be asked questions, and says so.
    What it keeps is read later, in places that mostly cannot run widgets, so that the static twin alone is given there.
    Voila executes like that, and shows widgets.
    """
    if not text("widget.js"):
        return False
    choice = os.environ.get(ENV, "")
    if choice in ("live", "static"):
        return choice == "live"
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return True
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool((kernel.get_parent() or {}).get("content", {}).get("allow_stdin"))
