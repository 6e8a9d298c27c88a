"""Where things stand in the repository."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "jupyter_pipeline"
STUDIES = REPOSITORY / "example_notebooks"
"""The example studies and the notebooks beside them."""
SHARED = REPOSITORY.parent / "shared"
"""Material that is not part of the repository: seeds, a corpus. It may not be there."""
