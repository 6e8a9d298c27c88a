"""The command that really runs: what a project writes, and what the platform adds to it. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..config import EXPECTATIONS
from ..models import Action, Pipeline

COHORTEXTRACTOR = "cohortextractor"


def effective(action: Action, pipeline: Pipeline, backend: str) -> tuple[str, ...]:
    """The words of an action's command, without the image.

    ``config`` follows as ``--config`` and JSON (platform: job-runner controller/actions.py). On synthetic data
    ``cohortextractor generate_cohort`` is told how many patients to make up, or which dummy file to take, and where its
    outputs belong (platform in 2021: jobrunner/project.py).
    """
    words = action.run.args
    if action.config is not None:
        words = (*words, "--config", action.config)
    if action.run.image == COHORTEXTRACTOR and "generate_cohort" in words:
        words = (*words, *_cohort_flags(action, pipeline, backend))
    return words


def shown(action: Action, words: tuple[str, ...]) -> str:
    """The command as one line, for people."""
    import shlex

    return shlex.join((action.run.runtime, *words))


def _cohort_flags(action: Action, pipeline: Pipeline, backend: str) -> list[str]:
    flags = []
    if backend == EXPECTATIONS and action.dummy_data_file is not None:
        flags.append(f"--dummy-data-file={action.dummy_data_file}")
    elif backend == EXPECTATIONS and pipeline.population_size is not None:
        flags.append(f"--expectations-population={pipeline.population_size}")
    folders = {str(PurePosixPath(output.pattern).parent) for output in action.outputs}
    if len(folders) == 1 and not any(word.partition("=")[0] == "--output-dir" for word in action.run.args):
        flags.append(f"--output-dir={folders.pop()}")
    return flags
