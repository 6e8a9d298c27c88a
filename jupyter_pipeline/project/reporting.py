"""Reports outside of a pipeline: from a notebook file, or from the notebook that a job has executed.

How a page is made is in ``reports``; who may see a job's notebook is asked here of its level.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..config import EXPECTATIONS, Config
from ..errors import (
    InvalidRequest,
    NotFound,
    OutputRefused,
    ReportFailed,
)
from ..models import (
    Cell,
    Job,
    Level,
    State,
)
from ..notebooks import commands
from ..notebooks.commands import NotebookRun, masked
from ..outputs import job_folder
from ..outputs.job_folder import NOTEBOOK, NOTEBOOK_FILE
from ..rules import levels
from ..snapshots import trees
from ..store.database import Store

FORMATS = ("html", "pdf", "md")
MARK = b'<meta name="generator" content="jupyter_pipeline">'
"""What stands near the beginning of every report in our own template."""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report that was made."""

    content: bytes
    name: str
    """A name for its file."""


@dataclass(frozen=True, slots=True)
class JobNotebook:
    """What is known of the notebook that a job runs in place of its command."""

    run: NotebookRun | None
    """None when the command runs word for word."""
    note: str
    """Why it does, where it could have been a notebook action."""
    cells: tuple[Cell, ...]
    level: Level
    """The strictest of the action's outputs, which the executed notebook has too."""
    kept: Path
    """Where the notebook is, as far as it has come; it need not be there."""


def notebook_of(config: Config, store: Store, job: Job) -> JobNotebook | None:
    """The notebook of a job; None when its command has nothing to do with notebooks."""
    task, _ = store.task(job.id)
    run, note = task.get("notebook"), task.get("note", "")
    if not run and not note:
        return None
    return JobNotebook(
        commands.from_json(run) if run else None,
        note,
        tuple(store.cells_of(job.id)),
        levels.strictest(Level(level) for level, _, _ in task["outputs"]) if task["outputs"] else Level.HIGHLY,
        job_folder.job_folder(config, job.id) / NOTEBOOK / NOTEBOOK_FILE,
    )


def of_job(config: Config, found: JobNotebook | None, job: Job, to: str, provenance: Mapping[str, str]) -> MadeReport:
    """The report of the notebook that a job has executed, also when it failed or has not ended yet.

    Raises InvalidRequest when there is none or it may not be seen, ReportFailed when it cannot be made.
    """
    if found is None or found.run is None or not found.kept.exists():
        raise InvalidRequest(
            f"The job {job.id} of {job.action} has executed no notebook.", "`jupyter pipeline show` lists the jobs."
        )
    if found.level is not Level.MODERATELY and config.backend != EXPECTATIONS:
        raise InvalidRequest(
            f"The executed notebook of {job.action} is {found.level}, as the strictest of its outputs: only code may "
            "read it.",
            "Make a report with an action whose outputs are moderately_sensitive.",
        )
    source = config.root / found.run.notebook
    if job.state is not State.SUCCEEDED:
        provenance = {"State": f"{job.state}. {job.message}", **provenance}
    told = ", ".join(f"{name} = {value!r}" for name, value in masked(found.run.parameters).items())
    if told:
        provenance = {**provenance, "Parameters": told}
    place = _Place(source.parent, config.root, source.stem)
    report = _made(found.kept, place, to, provenance, _remark(job))
    return MadeReport(report.content, f"{job.action}-{job.id[:6]}{PurePath(report.name).suffix}")


def _remark(job: Job) -> str:
    """What stands at the top of the report of a job that has not succeeded, as Markdown."""
    if job.state is State.SUCCEEDED:
        return ""
    begun = "This notebook still runs." if not job.state.is_final else "This notebook did not come to its end."
    fence = "```"
    return (
        f"> **{begun}**\n\n{fence}text\n{job.message.replace(fence, '')}\n{fence}" if job.message else f"> **{begun}**"
    )


def of_file(path: Path, to: str, allowed: Path | None = None) -> MadeReport:
    """The report of a notebook as it stands; pictures may come from its folder, or from below `allowed`.

    Raises InvalidRequest when it cannot be read, ReportFailed when the report cannot be made.
    """
    folder = path.resolve().parent
    return _made(path, _Place(folder, allowed or folder, path.stem), to, {"Notebook": path.name})


def beside(config: Config, path: str) -> str:
    """Make the HTML report of a notebook of the project as it stands, beside it; the report's path.

    Both paths are relative to the project. What is protected is neither read nor shown nor written over. Raises
    NotFound when there is no such notebook, OutputRefused when it is protected, InvalidRequest when a file that is no
    report of ours stands in the way, ReportFailed when it cannot be made.
    """
    withheld = _withheld(config)
    source = _notebook_at(config.root, path)
    target = source.with_suffix(".html")
    for file in (source, target):
        if (why := withheld(file)) is not None:
            raise OutputRefused(f"{file.relative_to(config.root)} is protected: {why}", "Convert a notebook of yours.")
    if os.path.lexists(target) and not _is_report(target):
        raise InvalidRequest(f"There is another file called {target.name} beside the notebook.", "Rename one of them.")
    place = _Place(source.parent, config.root, source.stem, withheld)
    write(target, _made(source, place, "html", {"Notebook": source.name}).content)
    return str(target.relative_to(config.root))


def _withheld(config: Config) -> Callable[[Path], str | None]:
    """Says why a file may not be shown: other projects' files by their own settings, ours by the history in use."""
    from ..protection import Protection

    asked = [Protection(config.root), Protection(config.root, settings={"state": str(config.state)})]
    return lambda file: next((why for each in asked if (why := each.reason(file)) is not None), None)


def _notebook_at(root: Path, path: str) -> Path:
    """The notebook at a path relative to the project. Raises NotFound."""
    missing = NotFound(f"There is no notebook {path} in this project.", "Name one by its path from project.yaml.")
    if "\0" in path or not path.endswith(".ipynb"):
        raise missing
    try:
        found = Path(os.path.realpath(root / path))
    except (OSError, ValueError) as error:  # such as of half a character
        raise missing from error
    if not found.is_relative_to(root) or not found.is_file():
        raise missing
    return found


def _is_report(target: Path) -> bool:
    """Whether a file is a report that was made here."""
    try:
        with target.open("rb") as stream:
            return target.is_file() and not target.is_symlink() and MARK in stream.read(1000)
    except OSError:
        return False


def write(target: Path, content: bytes) -> None:
    """Put a report there at once. Raises InvalidRequest."""
    try:
        with trees.replacing(os.fspath(target)) as stream:
            stream.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(stream.fileno(), 0o666 & ~umask)
    except OSError as error:
        raise InvalidRequest(f"{target} cannot be written: {error.strerror}.", "Choose another place.") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a notebook belongs: its folder, the folder that its pictures may come from, and its name."""

    folder: Path
    allowed: Path
    name: str
    withheld: Callable[[Path], str | None] = lambda _: None


def _made(path: Path, place: _Place, to: str, provenance: Mapping[str, str], remark: str = "") -> MadeReport:
    import nbformat

    from .. import reports

    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.", "Name a notebook, or a job.") from error
    except Exception as error:  # nbformat raises whatever the text leads it to
        raise ReportFailed(
            f"{path.name} is not a notebook: {str(error).splitlines()[0][:200]}.", "Save it again in Jupyter."
        ) from error
    if remark:
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(remark))  # type: ignore[no-untyped-call]
    wanted = {"html": "html", "pdf": "html", "md": "markdown"}[to]
    content, extension = reports.export(
        notebook,
        wanted,
        folder=place.folder,
        allowed=place.allowed,
        withheld=place.withheld,
        provenance=provenance,
        title=place.name,
    )
    if to == "pdf":
        assert isinstance(content, str)
        return MadeReport(reports.pdf(content), f"{place.name}.pdf")
    return MadeReport(content.encode() if isinstance(content, str) else content, f"{place.name}{extension}")
