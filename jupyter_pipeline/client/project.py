"""Project: what one does with a project from a notebook cell or a program."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InvalidRequest, NotFound
from ..models.documents import Document, PipelineDocument, read
from .objects import (
    Checked,
    Comparison,
    Job,
    Output,
    Outputs,
    Plan,
    Request,
    Requests,
    Status,
)
from .runs import Run
from .shown import (
    Graph,
    Log,
    Report,
)
from .source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN_ALL = "run_all"
MOST = 1000
T = TypeVar("T", bound=Document)


class Project:
    """A project with its pipeline, wherever it is: on this machine, or behind the service of split mode.

    Whatever is wrong is raised as a PipelineError, whose text says how to mend it.
    """

    def __init__(self, source: Source) -> None:
        """Of answers from a source; ``Project.find`` looks for one."""
        self.source = source

    @classmethod
    def find(
        cls,
        path: Path | str = ".",
        *,
        backend: str | None = None,
        url: str | None = None,
        token: str | None = None,
    ) -> Project:
        """The project in a folder, or in the nearest one above it, by default of the current one.

        `backend` names the data, synthetic ones by default. With `url` (and `token`) it is asked for from a Jupyter
        server, and the path is one below that server's folder; in split mode this is found out by itself.
        """
        from .finding import find_source

        return cls(find_source(path, url, token, backend))

    # -- looking -----------------------------------------------------------------------------------

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions, in the order of project.yaml."""
        return tuple(action.name for action in self._pipeline().actions)

    def check(self, rules: str = "native") -> Checked:
        """Everything that is wrong with project.yaml, and what the platform would say of it."""
        return self._answer(Checked, "problems", rules=rules)

    def plan(self, *actions: str, force: bool = False, revision: str | None = None) -> Plan:
        """What `run` would do with these actions, by default all, and why. Nothing is started.

        With `force`, also the actions that these need run again. `revision` is a commit, branch or tag.
        """
        return self._answer(Plan, "plan", actions=actions or (RUN_ALL,), force=force, revision=revision)

    def status(self) -> Status:
        """For each action whether its outputs are up to date, and how its newest job went."""
        return self._answer(Status, "status")

    def graph(self) -> Graph:
        """The pipeline as a drawing, with the state of each action."""
        return Graph(self._pipeline(), self.status())

    def request(self, name: str | int | None = None) -> Request:
        """A request by its number or identifier; the newest by default."""
        if name is None:
            found = self.requests(1)
            if not found:
                raise NotFound("Nothing has been asked for here yet.", "`project.run()` runs everything.")
            name = found[0].id
        return self._answer(Request, "request", request=str(name))

    def requests(self, limit: int = 20) -> Requests:
        """The newest requests."""
        found = self._document("requests", limit=limit)["requests"]
        return Requests(tuple(read(Request, each) for each in found))

    def job(self, name: str) -> Job:
        """The newest job of an action, or a job by its identifier."""
        found = self._document("jobs", action=name, limit=1)["jobs"]
        if found:
            name = found[0]["id"]
        elif name in self.actions:
            raise NotFound(f"{name} has never run.", f"`project.run({name!r})` runs it.")
        elif not (name.isascii() and name.isalnum()):
            raise NotFound(f"There is no action {name}.", "`project.actions` has their names.")
        return self._answer(Job, "job", job=name)

    def log(self, name: str) -> Log:
        """The end of what a job printed, as far as it may be seen, by its action or its id. The look is recorded."""
        job = self.job(name)
        answer = self.source.ask("log", job=job.id)
        omitted = int(answer.headers.get("log-start", 0)) > 0
        return Log(answer.content.decode("utf-8", errors="replace"), omitted, job)

    def compare(self, request: str | int | None = None, other: str | int = "previous") -> Comparison:
        """What differs between the code of a request, by default the newest, and that of another one.

        `other` is a number or identifier, ``previous`` or ``previous_successful``.
        """
        found = self.request(request)
        return self._answer(Comparison, "differences", request=found.id, **{"with": str(other)})

    # -- outputs -----------------------------------------------------------------------------------

    def outputs(self, action: str | None = None) -> Outputs:
        """The published files, of one action or of all, each with whether it may be viewed and why not."""
        found = self._document("outputs", action=action)["outputs"]
        return Outputs(tuple(read(Output, each) for each in found))

    def read(self, path: str) -> Any:
        """What is in an output, if it may be viewed. The look is recorded.

        A table is a pandas DataFrame, or where pandas is missing a list of dictionaries; JSON what it stands for; text
        a str; a picture is shown as one; everything else is bytes. Raises NotFound and OutputRefused.
        """
        from .reading import value_of

        output = self._output(path)
        return value_of(output.path, self.source.ask("content", output=output.id).content)

    def report(self, name: str) -> Report:
        """The report of the notebook that an action's newest job (or a job) has executed, or of a notebook's file."""
        if name.endswith(".ipynb"):
            return self._report_of_file(name)
        job = self.job(name)
        return Report(f"{job.action}-{job.id[:6]}.html", self.source.ask("report", job=job.id).content)

    # -- asking ------------------------------------------------------------------------------------

    def run(
        self,
        *actions: str,
        force: bool = False,
        revision: str | None = None,
        wait: bool = True,
        on_interrupt: str = "leave",
    ) -> Run:
        """Run these actions and what they need, by default everything; as `plan` says.

        Jobs run outside of this process, and go on without it. With `wait` their progress is shown, and RunFailed is
        raised where one fails; an interrupt then leaves them running, or with ``on_interrupt="cancel"`` stops them.
        """
        if on_interrupt not in ("leave", "cancel"):
            raise InvalidRequest(f"on_interrupt cannot be {on_interrupt!r}.", "Give leave or cancel.")
        asked = {"actions": list(actions) or [RUN_ALL], "force": force, "revision": revision}
        made = self.source.ask("submit", asked, Idempotency_Key=uuid.uuid4().hex).json()
        run = Run(self.source, read(Request, made))
        if wait:
            from .watching import watch

            watch(run, on_interrupt)
        return run

    def cancel(self, request: str | int | None = None) -> int:
        """Ask for the unfinished jobs of a request, by default the newest, to be cancelled; how many these are."""
        found = self.request(request)
        return int(self.source.ask("cancel_request", request=found.id).json()["cancelled"])

    # -- helpers -----------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<Project {self.source.place}>"

    def _repr_html_(self) -> str:
        return self.graph()._repr_html_()

    def _pipeline(self) -> PipelineDocument:
        return self._answer(PipelineDocument, "pipeline")

    def _answer(self, kind: type[T], operation: str, **parameters: Any) -> T:
        return read(kind, self._document(operation, **parameters))

    def _document(self, operation: str, **parameters: Any) -> Any:
        return self.source.ask(operation, **parameters).json()

    def _output(self, path: str) -> Output:
        found = self.outputs()
        for one in found:
            if path in (one.path, one.id):
                return one
        raise NotFound(f"There is no output {path}.{_nearest(path, [one.path for one in found])}", _LISTS)

    def _report_of_file(self, name: str) -> Report:
        """The report of a notebook's file as it stands, which must be on this machine."""
        from .local import LocalSource

        if not isinstance(self.source, LocalSource):
            raise InvalidRequest("That notebook is not on this machine.", "Ask for the report of its action.")
        from ..project.facade import LocalProject as Facade

        path = Path(name) if Path(name).exists() else self.source.root / name
        made = Facade.find(self.source.root).report_of_file(path)
        return Report(made.name, made.content)


_LISTS = "`project.outputs()` lists them."


def _nearest(path: str, known: Sequence[str]) -> str:
    import difflib

    found = difflib.get_close_matches(path, known, 1)
    return f" Did you mean {found[0]}?" if found else ""
