"""The facade's answers as documents (``models.documents``), for ``--json`` and for the server alike.

docs/cli.md lists their keys; they only ever gain some. Whoever sends them adds what is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import PipelineError
from ..models import Cell, Event, Job, Problem, RuntimeInfo, Severity, ViewRecord
from ..models.documents import (
    ActionStatusDocument,
    AddedDocument,
    BuildDocument,
    CellDocument,
    CheckedDocument,
    CodeDifferencesDocument,
    ComparisonDocument,
    CriticalPathDocument,
    DeclaredDocument,
    EventDocument,
    ExecutorDocument,
    FileChangeDocument,
    FileDifferencesDocument,
    JobDocument,
    LineDocument,
    NotebookCellDocument,
    NotebookDocument,
    OutputDocument,
    PlanCodeDocument,
    PlanDocument,
    PlannedActionDocument,
    PlannedDocument,
    PlannedNotebookDocument,
    PlatformDocument,
    ProjectProblemDocument,
    ReasonDocument,
    RequestDocument,
    RowDocument,
    RuntimeDocument,
    SideDocument,
    StandInDocument,
    ViewDocument,
    extended,
    plain,
)
from ..rules import lifecycle
from ..rules.plan import NOW, now_of

if TYPE_CHECKING:
    from ..diffs.notebooks import CellDifference
    from ..diffs.texts import Row, Side
    from ..planning.history import HistoryComparison
    from ..planning.preview import Foresight, PlannedAction
    from ..rules.plan import Planned
    from ..runtimes import Described
    from .checking import CheckResult, Compatibility
    from .code_comparison import CodeComparison, FileChange, FileDifferences
    from .machine import ChosenExecutor
    from .reporting import JobNotebook
    from .rewriting import Added
    from .views import RequestView, ViewedOutput

MOST_CHANGED = 20
"""Changed files that a plan names."""


def error_document(error: PipelineError) -> Mapping[str, object]:
    """What went wrong, as JSON."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "remedy": error.remedy,
        "problems": plain(problem_documents(error.problems, "project.yaml")),
    }


# -- project.yaml ----------------------------------------------------------------------------------


def problem_documents(problems: Sequence[Problem], file: str) -> tuple[ProjectProblemDocument, ...]:
    """The problems of a project.yaml."""
    return tuple(
        ProjectProblemDocument(
            file=file,
            line=problem.line,
            column=problem.column,
            severity=problem.severity,
            what=problem.message,
            remedy=problem.remedy,
            rule=problem.rule,
            history=problem.history,
            action=problem.action,
            key=problem.key,
        )
        for problem in problems
    )


def reason_documents(groups: Mapping[str, Sequence[Problem]]) -> tuple[ReasonDocument, ...]:
    """Problems by rule, each told by the first of them."""
    from ..spec.rulesets import MECHANICAL

    return tuple(
        ReasonDocument(
            rule=rule,
            lines=tuple(problem.line for problem in problems),
            what=problems[0].message,
            remedy=problems[0].remedy,
            history=problems[0].history,
            mechanical=rule in MECHANICAL,
        )
        for rule, problems in groups.items()
    )


def platform_documents(platform: Sequence[Compatibility]) -> tuple[PlatformDocument, ...]:
    """What the platform's rule sets say, with their reasons by rule."""
    from .checking import by_rule

    return tuple(
        PlatformDocument(
            rules=each.rules.name,
            title=each.rules.title,
            valid=not each.reasons,
            reasons=len(each.reasons),
            groups=reason_documents(each.groups()),
            warnings=reason_documents(by_rule(each.warnings)),
        )
        for each in platform
    )


def checked_document(checked: CheckResult, file: str = "project.yaml") -> CheckedDocument:
    """All that `check` says."""
    counts = Counter(problem.severity for problem in checked.problems)
    return CheckedDocument(
        file=file,
        rules=checked.rules.name,
        valid=checked.valid,
        errors=counts[Severity.ERROR],
        warnings=counts[Severity.WARNING],
        hints=counts[Severity.HINT],
        problems=problem_documents(checked.problems, file),
        platform=platform_documents(checked.platform),
    )


def added_document(added: Added) -> AddedDocument:
    """An action that is, or could be, in project.yaml."""
    made = added.addition
    return AddedDocument(
        text_before_lines=_numbered(added.above, made.first - len(added.above)),
        added=_numbered(made.lines, made.first),
        problems=problem_documents(made.problems, "project.yaml"),
        written=added.written,
        seen=added.seen,
    )


def _numbered(lines: Sequence[str], first: int) -> tuple[LineDocument, ...]:
    return tuple(LineDocument(line=number, text=text) for number, text in enumerate(lines, first))


# -- plans and states ------------------------------------------------------------------------------


def planned_document(planned: Planned) -> PlannedDocument:
    """The verdict on an action."""
    return PlannedDocument(
        action=planned.action, verdict=planned.verdict, reason=planned.reason, waits_for=planned.waits_for
    )


def plan_document(
    foreseen: Foresight, builds: Sequence[RuntimeInfo], stand_ins: Sequence[RuntimeInfo], backend: str
) -> PlanDocument:
    """A plan, what its jobs would do, the runtimes that would be built first, and those that stand in for others."""
    plan, code = foreseen.plan, foreseen.code
    counts = Counter(planned.verdict for planned in plan.actions)
    return PlanDocument(
        backend=backend,
        requested=tuple(plan.requested),
        force=plan.force,
        code=PlanCodeDocument(
            branch=code.branch,
            commit=code.commit,
            dirty=code.dirty,
            changed=tuple(code.changed[:MOST_CHANGED]),
            changed_count=len(code.changed),
        ),
        actions=tuple(
            _foreseen(planned, action) for planned, action in zip(plan.actions, foreseen.actions.values(), strict=True)
        ),
        counts={str(verdict): counts[verdict] for verdict in NOW},
        runtimes_to_build=tuple(BuildDocument(name=info.name, message=info.message) for info in builds),
        stand_ins=tuple(
            StandInDocument(name=info.name, resolved=info.resolved, message=info.stand_in) for info in stand_ins
        ),
    )


def _foreseen(planned: Planned, action: PlannedAction) -> PlannedActionDocument:
    """What a job of the action would do."""
    notebook = action.notebook and PlannedNotebookDocument(
        path=action.notebook.path,
        tool=action.notebook.tool,
        parameters=action.notebook.parameters,
        declared=tuple(
            DeclaredDocument(name=each.name, value=each.value, type=each.type, help=each.help)
            for each in action.notebook.declared
        ),
    )
    return extended(
        PlannedActionDocument,
        planned_document(planned),
        runtime=action.runtime,
        expected=action.expected,
        run_command=action.run_command,
        line=action.line,
        notebook=notebook,
    )


def action_document(
    planned: Planned, job: Job | None, expected: float | None, told: JobDocument | None
) -> ActionStatusDocument:
    """How it stands with an action; `told` is the document of its newest job."""
    return ActionStatusDocument(
        action=planned.action, now=now_of(planned, job), reason=planned.reason, expected=expected, job=told
    )


# -- jobs and requests -----------------------------------------------------------------------------


def job_document(job: Job, notebook: JobNotebook | None = None) -> JobDocument:
    """One job, with how its notebook does if it runs one."""
    return JobDocument(
        id=job.id,
        request=job.request_id,
        action=job.action,
        state=job.state,
        code=job.code,
        message=job.message or lifecycle.SENTENCES[job.code],
        reason=job.reason,
        run_command=job.run_command,
        runtime=job.runtime,
        executor=job.executor,
        exit_code=job.exit_code,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        elapsed=job.elapsed,
        cpu_time=job.cpu_time,
        peak_memory=job.peak_memory,
        cancelled=job.cancelled,
        updated_at=job.updated_at,
        revision=job.revision,
        notebook=notebook_document(notebook) if notebook else None,
    )


def notebook_document(notebook: JobNotebook) -> NotebookDocument:
    """The notebook that a job runs, and how its cells do."""
    from ..notebooks.commands import masked

    run, cells = notebook.run, notebook.cells
    return NotebookDocument(
        path=run.notebook if run else None,
        tool=run.tool if run else None,
        note=notebook.note,
        parameters=masked(run.parameters) if run else {},
        level=notebook.level,
        total=cells[0].total if cells else None,
        done=sum(cell.state == "done" for cell in cells),
        cells=tuple(map(_notebook_cell, cells)),
    )


def _notebook_cell(cell: Cell) -> NotebookCellDocument:
    return NotebookCellDocument(number=cell.number, state=cell.state, elapsed=cell.elapsed, line=cell.line)


def request_document(view: RequestView, notebooks: Mapping[str, JobNotebook | None]) -> RequestDocument:
    """One request with its jobs, without its pipeline; `notebooks` by the job's identifier."""
    request, chain = view.request, view.critical_path
    return RequestDocument(
        number=view.number,
        id=request.id,
        status=view.status,
        cancelled=request.cancelled,
        organisation=request.organisation,
        workspace=request.workspace,
        backend=request.backend,
        requested_by=request.requested_by,
        requested_actions=request.requested_actions,
        force=request.force,
        branch=request.branch,
        commit=request.commit,
        dirty=request.dirty,
        code=request.code,
        created_at=request.created_at,
        started_at=view.started_at,
        finished_at=view.finished_at,
        runtime=view.runtime,
        wall_clock=view.wall_clock,
        critical_path=CriticalPathDocument(actions=tuple(chain.actions), seconds=chain.seconds) if chain else None,
        jobs=tuple(job_document(job, notebooks.get(job.id)) for job in view.jobs),
        plan=tuple(map(planned_document, view.plan)),
    )


def event_document(event: Event) -> EventDocument:
    """One change."""
    return EventDocument(
        revision=event.revision,
        at=event.at,
        kind="job" if event.kind == "job" else "request",
        request=event.request_id,
        job=event.job_id,
        action=event.action,
        state=event.state,
        code=event.code,
        message=event.message,
    )


def view_document(record: ViewRecord) -> ViewDocument:
    """Who looked at what, and when."""
    return ViewDocument(
        number=record.number,
        at=record.at,
        who=record.who,
        kind=record.kind,
        job=record.job_id,
        path=record.path,
        detail=record.detail,
    )


# -- outputs and runtimes --------------------------------------------------------------------------


def output_document(viewed: ViewedOutput) -> OutputDocument:
    """One output, with the gate's answer."""
    file = viewed.file
    return OutputDocument(
        id=viewed.id,
        path=file.path,
        action=file.action,
        job=file.job_id,
        request=file.request_id,
        level=file.level,
        size=file.size,
        rows=file.rows,
        columns=file.columns,
        sha256=file.sha256,
        viewable=viewed.answer.allowed,
        reason=viewed.answer.reason,
        withheld=file.message,
        present=viewed.present,
    )


def runtime_document(described: Described, used: bool) -> RuntimeDocument:
    """How it stands with a runtime, and whether the project uses it."""
    info = described.info
    return RuntimeDocument(
        name=info.name,
        resolved=info.resolved,
        state=info.state,
        identity=info.identity,
        message=info.message,
        kind=described.kind,
        aliases=tuple(described.aliases),
        python=described.python,
        folder=str(described.folder) if described.folder else None,
        size=described.size,
        used=used,
    )


def executor_document(chosen: ChosenExecutor) -> ExecutorDocument:
    """How jobs would be run here, and which protection is missing."""
    return ExecutorDocument(
        asked=chosen.asked, name=chosen.name, missing_isolation=chosen.missing_isolation, message=chosen.message
    )


# -- code side by side -----------------------------------------------------------------------------


def comparison_document(comparison: HistoryComparison) -> ComparisonDocument:
    """The code of a request beside that of an earlier one."""
    other, difference = comparison.request, comparison.difference
    return ComparisonDocument(
        kind=comparison.kind,
        request=other.id if other else None,
        number=comparison.number,
        commit=other.commit if other else None,
        dirty=other.dirty if other else None,
        code=other.code if other else None,
        added=difference.added if difference else None,
        changed=difference.changed if difference else None,
        removed=difference.removed if difference else None,
        reason=comparison.reason,
    )


def code_document(comparison: CodeComparison) -> CodeDifferencesDocument:
    """The files that differ between two requests."""
    other = comparison.comparison
    return CodeDifferencesDocument(
        request=comparison.request.id,
        with_=other.request.id if other.request else None,
        number=other.number,
        reason=other.reason,
        files=tuple(map(change_document, comparison.files())),
    )


def change_document(file: FileChange) -> FileChangeDocument:
    """A file that differs."""
    return FileChangeDocument(
        path=file.path,
        change=file.change,
        kind=file.kind,
        added=file.added,
        removed=file.removed,
        reason=file.reason,
    )


def file_document(differences: FileDifferences) -> FileDifferencesDocument:
    """What differs in one file."""
    return extended(
        FileDifferencesDocument,
        change_document(differences.file),
        rows=None if differences.rows is None else row_documents(differences.rows),
        cells=None if differences.cells is None else tuple(map(_cell, differences.cells)),
    )


def row_documents(rows: Sequence[Row]) -> tuple[RowDocument, ...]:
    """Lines side by side; marks count characters (code points)."""
    return tuple(
        RowDocument(
            kind=row.kind,
            left=_side(row.left),
            right=_side(row.right),
            count=row.count if row.kind == "gap" else None,
        )
        for row in rows
    )


def _side(side: Side | None) -> SideDocument | None:
    return SideDocument(line=side.line, text=side.text, marks=side.marks) if side else None


def _cell(cell: CellDifference) -> CellDocument:
    return CellDocument(
        kind=cell.kind,
        cell_type=cell.cell_type,
        left=cell.left,
        right=cell.right,
        rows=row_documents(cell.rows),
        outputs_changed=cell.outputs_changed,
    )
