"""Where things stand in the repository."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "jupyter_pipeline"
STUDIES = REPOSITORY / "example_notebooks"
"""The example studies and the notebooks beside them."""
SHARED = REPOSITORY.parent / "shared"
"""Material that is not part of the repository: seeds, a corpus. It may not be there."""


def copy_study(name: str, folder: Path) -> Path:
    """An example study as it was cloned, without what its pipeline may have made here; gives the folder."""
    shutil.copytree(STUDIES / name, folder, ignore=shutil.ignore_patterns(".jupyter_pipeline", "output", "metadata"))
    return folder
