"""Making the notebook libraries quick to import, in a process that does nothing else.

nbformat checks notebooks with jsonschema, which imports every checker of formats that it finds installed. Beside
jupyter_server that is a grammar of addresses, built anew in each process, at 0.7-3 s. No notebook needs them.
papermill opens the door to a file system elsewhere with pyarrow, whose allocator starts a thread, before a fork.
"""

from __future__ import annotations

import sys

_CHECKERS = (
    "fqdn",
    "isoduration",
    "jsonpointer",
    "rfc3339_validator",
    "rfc3986_validator",
    "rfc3987",
    "rfc3987_syntax",
    "uri_template",
    "webcolors",
)
_ELSEWHERE = ("pyarrow.fs",)


def lean_imports() -> None:
    """Let imports of jsonschema's checkers and of far file systems fail at once, where they were not imported yet.

    Only for processes of our own that deal with notebooks and then end (a driver, a command), and before they import
    nbformat: in a shared process it would take formats away from others.
    """
    for name in (*_CHECKERS, *_ELSEWHERE):
        if name not in sys.modules:
            sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "not there"
