"""Where nbconvert's own templates are on this machine.

nbconvert looks for them beside the interpreter and among the user's files. Neither need be so: `pip install --user`
puts them into the user's folder, which no sandbox shows, and `pip install --target` anywhere at all. Its installation
knows. Choosing and filling a template is not here.
"""

from __future__ import annotations

import functools
import sys
from importlib import metadata
from pathlib import Path

from jupyter_core.paths import jupyter_path

_BASE = "nbconvert/templates/base/null.j2"
"""A file that every installation of nbconvert has, below its folder for shared data."""


@functools.cache
def share() -> Path:
    """The folder for shared data, such as ``/usr/share/jupyter``, with nbconvert's templates in it."""
    roots = (*_recorded(), Path(sys.prefix) / "share" / "jupyter", *map(Path, jupyter_path()))
    return next((root for root in roots if (root / _BASE).is_file()), roots[0])


def _recorded() -> list[Path]:
    """The folder according to the list of files that nbconvert was installed with."""
    listed = metadata.files("nbconvert") or ()
    found = [file.locate() for file in listed if file.as_posix().endswith(f"/{_BASE}")]
    return [Path(place).resolve().parents[_BASE.count("/")] for place in found]


class FromInstallation:
    """For an exporter of nbconvert: take its templates from its installation alone."""

    def get_prefix_root_dirs(self) -> list[str]:
        """The folders that templates are looked for in."""
        return [str(share())]
