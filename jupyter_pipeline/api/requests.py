"""What the routes answer about projects, requests and jobs: from the facade to documents. HTTP is not known here."""

from __future__ import annotations

from dataclasses import asdict, fields
from http import HTTPStatus
from typing import Any

from .._version import __version__
from ..errors import InvalidRequest, NotFound
from ..graph import layout
from ..models import (
    RUN_ALL,
    Action,
    Job,
    Pipeline,
    State,
)
from ..models.documents import (
    ActionDocument,
    EdgeDocument,
    EngineDocument,
    GraphDocument,
    JobDocument,
    JobPageDocument,
    NodeDocument,
    PatternDocument,
    PipelineDocument,
    ProjectDocument,
    ProjectNameDocument,
    RequestPageDocument,
    ServedRuntimeDocument,
    StatusDocument,
    SyntheticDocument,
    VersionDocument,
    extended,
)
from ..notebooks.commands import NotebookRun, recognise
from ..project import documents
from ..project.facade import LocalProject
from ..project.views import RequestView
from ..rules.levels import may_show_synthetic
from ..spec import schema as spec_schema
from ..spec.additions import NewAction
from . import contract
from .exchange import (
    About,
    Call,
    Reply,
    as_json,
)
from .projects import Known, Projects

API = 1
"""The version of the routes."""


def version(_: Call, about: About) -> Reply:
    """What answers here."""
    return as_json(VersionDocument(version=__version__, api=API, **asdict(about)))


def document(_: Call) -> Reply:
    """The document that describes the routes."""
    return Reply(contract.text().encode(), "application/yaml")


def schema(_: Call) -> Reply:
    """The JSON Schema of project.yaml."""
    return Reply(spec_schema.text().encode(), "application/schema+json")


def projects(call: Call) -> Reply:
    """The projects of this server, or the one that a path belongs to."""
    path = call["path"]
    known = call.projects.all() if path is None else _nearest(call.projects, path)
    return as_json({"projects": [_name(one, call.projects.workspace(one)) for one in known]})


def project(call: Call) -> Reply:
    """A project on one backend."""
    found, config, known = call.project, call.project.config, call.projects.known(call["project"])
    return as_json(
        extended(
            ProjectDocument,
            _name(known, config.workspace),
            organisation=config.organisation,
            backend=config.backend,
            backends=tuple(found.backends()),
            revision=found.revision(),
            engine=EngineDocument(running=found.engine() is not None),
            executor=documents.executor_document(found.chosen_executor()),
            synthetic=_synthetic(found),
        )
    )


def pipeline(call: Call) -> Reply:
    """The actions of project.yaml, and their drawing."""
    found = call.project.pipeline()
    return as_json(
        PipelineDocument(
            version=found.version,
            population_size=found.population_size,
            actions=tuple(map(_action, found.actions.values())),
            graph=_graph(found),
        )
    )


def update(call: Call, allowed: bool) -> Reply:
    """Bring the checkout up to date, where that is the server's business."""
    if not allowed:
        raise InvalidRequest(
            "This server does not update checkouts: only the service of split mode does.", "Use git in the project."
        )
    return as_json({"commit": call.project.update()})


def problems(call: Call) -> Reply:
    """All that `check` says."""
    return as_json(documents.checked_document(call.project.check(call["rules"])))


def check(call: Call) -> Reply:
    """The same of a text that need not be saved."""
    return as_json(documents.checked_document(call.project.check(call["rules"], call.asked.body["text"])))


def add_action(call: Call, allowed: bool) -> Reply:
    """Write one more action into project.yaml, or say which lines that would be."""
    body = call.asked.body
    if body["write"] and not allowed:
        raise InvalidRequest("This server does not write into projects.", "Add the lines in your own checkout.")
    outputs = body["outputs"] or {}
    action = NewAction(body["name"], body["run"], tuple(body["needs"]), outputs)
    return as_json(documents.added_document(call.project.add_action(action, seen=body["seen"], write=body["write"])))


def convert(call: Call, allowed: bool) -> Reply:
    """Make the report of a notebook file, beside it."""
    if not allowed:
        raise InvalidRequest("This server does not write into projects.", "Convert it in your own checkout.")
    return as_json({"path": call.project.convert(call.asked.body["path"])})


def status(call: Call) -> Reply:
    """For each action, in the order of project.yaml, its newest job and whether it is up to date."""
    found = call.project
    revision = found.revision()
    places = {name: place for place, name in enumerate(found.pipeline().actions)}
    planned = sorted(found.plan([RUN_ALL]).actions, key=lambda one: places[one.action])
    jobs = found.newest_jobs(places)
    notebooks, expected = found.notebooks(jobs.values()), found.expected(places)
    actions = []
    for one in planned:
        newest = jobs.get(one.action)
        told = _job(newest, notebooks) if newest else None
        actions.append(documents.action_document(one, newest, expected.get(one.action), told))
    unfinished = tuple(view.request.id for view in found.unfinished())
    return as_json(StatusDocument(actions=tuple(actions), unfinished=unfinished, revision=revision))


def plan(call: Call) -> Reply:
    """What a request would do now."""
    made = call.project.foresee(call["actions"], call["force"], call["revision"])
    project = call.project
    builds, stand_ins = project.builds(made.plan), project.stand_ins(made.plan)
    return as_json(documents.plan_document(made, builds, stand_ins, project.config.backend))


def runtimes(call: Call) -> Reply:
    """Every runtime; where they are built is nobody's business who asks from elsewhere."""
    listed = [documents.runtime_document(one, used) for one, used in call.project.known_runtimes()]
    served = [ServedRuntimeDocument(**{name: getattr(one, name) for name in _SERVED}) for one in listed]
    return as_json({"runtimes": served})


_SERVED = tuple(field.name for field in fields(ServedRuntimeDocument))


# -- requests --------------------------------------------------------------------------------------


def requests(call: Call) -> Reply:
    """A page of requests."""
    limit = call["limit"]
    views = call.project.requests(limit, before=call["before"])
    more = views[-1].number if len(views) == limit else None
    return as_json({"requests": [documents.request_document(view, {}) for view in views], "next": more})


def submit(call: Call) -> Reply:
    """Make a request, and see to it that an engine runs its jobs."""
    body = call.asked.body
    request = call.project.submit(
        body["actions"],
        body["force"],
        body["revision"],
        requested_by=call.named,
        key=call["Idempotency-Key"],
    )
    view = call.project.request(request.id)
    if not all(job.state.is_final for job in view.jobs):
        call.project.detach()
    return as_json(documents.request_document(view, {}), HTTPStatus.CREATED)


def request(call: Call) -> Reply:
    """A request with all that its page shows, but for the comparisons of its code."""
    view = _request(call)
    document = documents.request_document(view, call.project.notebooks(view.jobs))
    return as_json(extended(RequestPageDocument, document, project_yaml=view.request.project_yaml))


def cancel_request(call: Call) -> Reply:
    """Ask for the unfinished jobs of a request to be cancelled."""
    return as_json({"cancelled": call.project.cancel(_request(call).request.id)})


def comparisons(call: Call) -> Reply:
    """The code of a request beside that of earlier ones."""
    compared = call.project.comparisons(_request(call).request.id)
    return as_json({"comparisons": [documents.comparison_document(one) for one in compared]})


def differences(call: Call) -> Reply:
    """The files that differ between the code of two requests, or what differs in one of them."""
    found = call.project.differences(_request(call).request.id, call["with"])
    path = call["path"]
    return as_json(documents.code_document(found) if path is None else documents.file_document(found.file(path)))


# -- jobs ------------------------------------------------------------------------------------------


def jobs(call: Call) -> Reply:
    """A page of jobs."""
    limit, state = call["limit"], call["state"]
    found = call.project.jobs(limit, call["before"], call["action"], State(state) if state else None)
    more = found[-1][0] if len(found) == limit else None
    return as_json({"jobs": [documents.job_document(job) for _, job in found], "next": more})


def job(call: Call) -> Reply:
    """A job and all that has happened to it."""
    found = job_of(call)
    document = _job(found, call.project.notebooks([found]))
    timeline = tuple(documents.event_document(event) for event in call.project.timeline(found.id))
    return as_json(extended(JobPageDocument, document, timeline=timeline))


def cancel_job(call: Call) -> Reply:
    """Ask for a job to be cancelled."""
    found = job_of(call)
    return as_json({"cancelled": call.project.cancel(found.request_id, [found.id])})


def job_of(call: Call) -> Job:
    """The job that the path names: by its identifier, never by an action's name. Raises NotFound."""
    found = call.project.job(call["job"])
    if not found.id.startswith(call["job"]):
        raise NotFound(f"There is no job {call['job']}.", "Ask for the list of jobs again.")
    return found


# -- looking ---------------------------------------------------------------------------------------


def synthetic(call: Call) -> Reply:
    """The switch."""
    return as_json(_synthetic(call.project))


def switch_synthetic(call: Call) -> Reply:
    """Turn the switch."""
    call.project.show_synthetic(call.asked.body["shown"], call.who)
    return synthetic(call)


def views(call: Call) -> Reply:
    """A page of the record of who looked at what."""
    limit = call["limit"]
    found = call.project.views(limit, call["before"])
    more = found[-1].number if len(found) == limit else None
    return as_json({"views": [documents.view_document(one) for one in found], "next": more})


def events(call: Call) -> Reply:
    """What has happened since a revision, and the revision to go on from."""
    found = call.project.events(call["after"], call["limit"])
    revision = found[-1].revision if found else call["after"]
    return as_json({"events": [documents.event_document(event) for event in found], "revision": revision})


# -- parts -----------------------------------------------------------------------------------------


def _nearest(projects: Projects, path: str) -> list[Known]:
    """The project that a path belongs to, if it belongs to one."""
    try:
        return [projects.nearest(path)]
    except NotFound:
        return []


def _name(known: Known, workspace: str) -> ProjectNameDocument:
    return ProjectNameDocument(id=known.id, path=known.path, workspace=workspace)


def _request(call: Call) -> RequestView:
    return call.project.request(call["request"])


def _job(found: Job, notebooks: Any) -> JobDocument:
    return documents.job_document(found, notebooks.get(found.id))


def _synthetic(found: LocalProject) -> SyntheticDocument:
    return SyntheticDocument(allowed=may_show_synthetic(found.config.backend), shown=found.shows_synthetic())


def _action(action: Action) -> ActionDocument:
    return ActionDocument(
        name=action.name,
        line=action.line,
        run=action.run.raw,
        runtime=action.run.runtime,
        needs=action.needs,
        outputs=tuple(
            PatternDocument(level=output.level, name=output.name, pattern=output.pattern) for output in action.outputs
        ),
        config=action.config,
        notebook=isinstance(recognise(action.run.args, action.run.image), NotebookRun),
    )


def _graph(found: Pipeline) -> GraphDocument:
    drawn = layout.arrange({name: action.needs for name, action in found.actions.items()})
    return GraphDocument(
        width=drawn.width,
        height=drawn.height,
        nodes=tuple(
            NodeDocument(name=n.name, x=n.x, y=n.y, width=n.width, height=n.height, layer=n.layer) for n in drawn.nodes
        ),
        edges=tuple(EdgeDocument(source=e.source, target=e.target, points=tuple(e.points)) for e in drawn.edges),
    )
