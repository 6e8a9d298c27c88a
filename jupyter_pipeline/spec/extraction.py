"""What the platform asks of the actions that extract patients' data: cohortextractor's, and ehrQL's.

Such an action may only make what its command says it makes. Source of the rules: pipeline/validation.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import PurePosixPath

from ..models import Command, Level, OutputPattern
from .faults import Fault, quote

_COHORT = re.compile(r"cohortextractor:\S+ generate_cohort")
_EHRQL = re.compile(r"(?:ehrql|databuilder):\S+ generate[-_](dataset|measures)")
"""How the platform recognises these commands: by the beginning of the run line, one space and no more."""


def extraction_faults(run: Command, outputs: Sequence[OutputPattern], levels: int) -> Iterator[Fault]:
    """Yield what is wrong with the outputs of an action that extracts data; nothing for any other action.

    ``levels`` is the number of levels that are more than a key, also those that name no file.
    """
    if _COHORT.match(run.raw):
        yield from _cohort_faults(run, outputs, levels)
    elif found := _EHRQL.match(run.raw):
        yield from _ehrql_faults(run, outputs, found[1])


def _cohort_faults(run: Command, outputs: Sequence[OutputPattern], levels: int) -> Iterator[Fault]:
    if levels != 1:
        message = "This action extracts a cohort and has outputs of more than one level, or none."
        yield Fault("cohort-levels", message, "Put all its outputs under one level, highly_sensitive.")
    folders = {output.pattern.rpartition("/")[0] for output in outputs}
    if len(folders) != 1 and not any(word.partition("=")[0] == "--output-dir" for word in run.args):
        message = "This action extracts a cohort and has outputs in more than one folder, or none."
        remedy = "Put all its outputs in one folder, or say which with `--output-dir`."
        yield Fault("cohort-folders", message, remedy)


def _ehrql_faults(run: Command, outputs: Sequence[OutputPattern], what: str) -> Iterator[Fault]:
    """The outputs of generate-dataset are highly sensitive, and those of both are what ``--output`` says."""
    if what == "dataset" and any(output.level is not Level.HIGHLY for output in outputs):
        message = "This action extracts a dataset, and has an output that is not highly_sensitive."
        yield Fault("dataset-levels", message, "Put all its outputs under highly_sensitive.")
    rule = f"{what}-output"
    spec = _output_option(run.args)
    if not spec:
        message = f"The command does not say with `--output` where its {what} {'go' if what == 'measures' else 'goes'}."
        remedy = "Add the path of its output, such as `--output output/dataset.csv.gz`."
        yield Fault(rule, message, remedy)
        return
    compared = (Level.HIGHLY,) if what == "dataset" else (Level.HIGHLY, Level.MODERATELY)
    patterns = [output.pattern for output in outputs if output.level in compared]
    wanted = _expected(spec)
    if not (all(fnmatch(each, wanted) for each in patterns) if wanted != spec else spec in patterns):
        listed = ", ".join(map(quote, patterns[:5])) or "none"
        message = f"The command writes {quote(wanted)}, and the outputs are {listed}."
        yield Fault(rule, message, "Write the same path after `--output` and in `outputs`.")


def _output_option(words: Sequence[str]) -> str:
    for word, following in pairwise((*words, "")):
        if word == "--output":
            return following
        if word.startswith("--output="):
            return word.removeprefix("--output=")
    return ""


def _expected(spec: str) -> str:
    """The pattern that ``--output`` stands for: ``dir/:csv`` and ``dir:csv`` mean every CSV file in the folder."""
    path = PurePosixPath(spec)
    name, separator, extension = path.name.rpartition(":")
    if not separator:
        return spec
    return f"{path.with_name(name) if name else path.parent}/*.{extension}"
