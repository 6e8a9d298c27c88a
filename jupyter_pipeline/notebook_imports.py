"""Making the notebook libraries quick to import, in a process that does nothing else.

nbformat checks notebooks with jsonschema, which imports every checker of formats that it finds installed. Beside
jupyter_server that is a grammar of addresses, built anew in each process, at 0.7-3 s. No notebook needs them.
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


def lean_imports() -> None:
    """Let the imports of jsonschema's optional checkers fail at once, those that were not imported yet.

    Only for processes of our own that deal with notebooks and then end (a driver, a command), and before they import
    nbformat: in a shared process it would take formats away from others.
    """
    for name in _CHECKERS:
        if name not in sys.modules:
            sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "not there"
