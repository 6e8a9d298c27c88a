"""The routes: each path of the contract, who may ask, and the function that answers."""

from __future__ import annotations

import re

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from ..api import contract, requests
from .base import Handler, Services
from .output_handlers import (
    ComparisonHandler,
    ContentHandler,
    LogHandler,
    LogPageHandler,
    OutputHandler,
    OutputPairsHandler,
    OutputsHandler,
    ReportHandler,
    ScriptsHandler,
    SyntheticHandler,
    TableHandler,
    ViewHandler,
    ViewsHandler,
)


class VersionHandler(Handler):
    """What answers here."""

    template = "/version"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:version")
    async def get(self) -> None:
        """The version of the program and of this interface."""
        await self.reply(requests.version, self.services.about)


class ContractHandler(Handler):
    """The document that describes the routes."""

    template = "/openapi.yaml"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:version")
    async def get(self) -> None:
        """The document as it is shipped."""
        await self.reply(requests.document)


class SchemaHandler(Handler):
    """The JSON Schema of project.yaml."""

    template = "/project.schema.json"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:version")
    async def get(self) -> None:
        """The schema, for editors."""
        await self.reply(requests.schema)


class ProjectsHandler(Handler):
    """The projects of this server."""

    template = "/projects"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:projects")
    async def get(self) -> None:
        """All of them, or the one that a path belongs to."""
        await self.reply(requests.projects, shared=True)


class ProjectHandler(Handler):
    """A project on one backend."""

    template = "/projects/{project}"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:projects")
    async def get(self, project: str) -> None:
        """What is known of it."""
        await self.reply(requests.project, project=project, shared=True)


class PipelineHandler(Handler):
    """The actions of project.yaml."""

    template = "/projects/{project}/pipeline"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:pipeline")
    async def get(self, project: str) -> None:
        """The actions and their drawing."""
        await self.reply(requests.pipeline, project=project, shared=True)


class UpdateHandler(Handler):
    """The checkout of a project."""

    template = "/projects/{project}/update"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:projects")
    async def post(self, project: str) -> None:
        """Bring it up to date."""
        await self.reply(requests.update, self.services.updates, project=project)


class ProblemsHandler(Handler):
    """What is wrong with project.yaml."""

    template = "/projects/{project}/problems"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:problems")
    async def get(self, project: str) -> None:
        """All that `check` says."""
        await self.reply(requests.problems, project=project, shared=True)


class CheckHandler(Handler):
    """What is wrong with a text that is to be project.yaml."""

    template = "/projects/{project}/check"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:problems")
    async def post(self, project: str) -> None:
        """All that `check` would say."""
        await self.reply(requests.check, project=project)


class ActionsHandler(Handler):
    """New actions."""

    template = "/projects/{project}/actions"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:pipeline")
    async def post(self, project: str) -> None:
        """Write one into project.yaml, or show what that would be."""
        await self.reply(requests.add_action, self.services.about.is_local, project=project)


class ReportsHandler(Handler):
    """Reports of notebook files."""

    template = "/projects/{project}/reports"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:reports")
    async def post(self, project: str) -> None:
        """Make one, beside the notebook."""
        await self.reply(requests.convert, self.services.about.is_local, project=project)


class StatusHandler(Handler):
    """How it stands with the actions."""

    template = "/projects/{project}/status"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:pipeline")
    async def get(self, project: str) -> None:
        """For each its newest job, and whether it is up to date."""
        await self.reply(requests.status, project=project, shared=True)


class PlanHandler(Handler):
    """What a request would do."""

    template = "/projects/{project}/plan"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:plan")
    async def get(self, project: str) -> None:
        """The plan; nothing is started."""
        await self.reply(requests.plan, project=project, shared=True)


class RuntimesHandler(Handler):
    """Runtimes."""

    template = "/projects/{project}/runtimes"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:runtimes")
    async def get(self, project: str) -> None:
        """All that the project knows."""
        await self.reply(requests.runtimes, project=project, shared=True)


class RequestsHandler(Handler):
    """Job requests."""

    template = "/projects/{project}/requests"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:requests")
    async def get(self, project: str) -> None:
        """A page of them."""
        await self.reply(requests.requests, project=project, shared=True)

    @web.authenticated
    @authorized("write", "jupyter_pipeline:requests")
    async def post(self, project: str) -> None:
        """Ask for actions to be run."""
        await self.reply(requests.submit, project=project)


class RequestHandler(Handler):
    """A job request."""

    template = "/projects/{project}/requests/{request}"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:requests")
    async def get(self, project: str, request: str) -> None:
        """All that its page shows."""
        await self.reply(requests.request, project=project, request=request, shared=True)


class CancelRequestHandler(Handler):
    """Cancelling a request."""

    template = "/projects/{project}/requests/{request}/cancel"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:requests")
    async def post(self, project: str, request: str) -> None:
        """Ask for all its unfinished jobs to be cancelled."""
        await self.reply(requests.cancel_request, project=project, request=request)


class ComparisonsHandler(Handler):
    """The code of a request."""

    template = "/projects/{project}/requests/{request}/comparisons"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:requests")
    async def get(self, project: str, request: str) -> None:
        """Beside that of earlier requests."""
        await self.reply(requests.comparisons, project=project, request=request, shared=True)


class DifferencesHandler(Handler):
    """What differs in the code of a request."""

    template = "/projects/{project}/requests/{request}/differences"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:requests")
    async def get(self, project: str, request: str) -> None:
        """From that of another: the files, or one of them side by side."""
        await self.reply(requests.differences, project=project, request=request, shared=True)


class JobsHandler(Handler):
    """Jobs."""

    template = "/projects/{project}/jobs"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:jobs")
    async def get(self, project: str) -> None:
        """A page of them."""
        await self.reply(requests.jobs, project=project, shared=True)


class JobHandler(Handler):
    """A job."""

    template = "/projects/{project}/jobs/{job}"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:jobs")
    async def get(self, project: str, job: str) -> None:
        """What is known of it."""
        await self.reply(requests.job, project=project, job=job, shared=True)


class CancelJobHandler(Handler):
    """Cancelling a job."""

    template = "/projects/{project}/jobs/{job}/cancel"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:jobs")
    async def post(self, project: str, job: str) -> None:
        """Ask for it to be cancelled."""
        await self.reply(requests.cancel_job, project=project, job=job)


class EventsHandler(Handler):
    """What happens."""

    template = "/projects/{project}/events"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:events")
    async def get(self, project: str) -> None:
        """Since a revision; it waits for something if asked to."""
        if await self.is_handed_on(project=project):
            return
        asked = self.asked(project=project).values
        if asked["wait"]:
            await self.services.tail.wait(project, asked["backend"], asked["after"], asked["wait"])
        self.send(await self.answer(requests.events, project=project, shared=True))


class NothingHandler(Handler):
    """Every other path below ours."""

    template = "/{path}"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:version")
    async def get(self, path: str | None) -> None:
        """There is nothing."""
        raise web.HTTPError(404)

    @web.authenticated
    @authorized("write", "jupyter_pipeline:version")
    async def post(self, path: str | None) -> None:
        """There is nothing."""
        raise web.HTTPError(404)

    put = patch = delete = post


HANDLERS: tuple[type[Handler], ...] = (
    VersionHandler,
    ContractHandler,
    SchemaHandler,
    ProjectsHandler,
    ProjectHandler,
    PipelineHandler,
    UpdateHandler,
    ProblemsHandler,
    CheckHandler,
    ActionsHandler,
    ReportsHandler,
    StatusHandler,
    PlanHandler,
    RuntimesHandler,
    RequestsHandler,
    RequestHandler,
    CancelRequestHandler,
    ComparisonsHandler,
    DifferencesHandler,
    OutputPairsHandler,
    JobsHandler,
    JobHandler,
    CancelJobHandler,
    LogHandler,
    LogPageHandler,
    ReportHandler,
    OutputsHandler,
    OutputHandler,
    ContentHandler,
    ViewHandler,
    ComparisonHandler,
    TableHandler,
    ScriptsHandler,
    SyntheticHandler,
    ViewsHandler,
    EventsHandler,
)


def routes(base_url: str, services: Services) -> list[tuple[str, type[Handler], dict[str, Services]]]:
    """The routes below a base url, as tornado wants them."""
    paths = [(url_path_join(base_url, contract.PREFIX, _pattern(one)), one) for one in HANDLERS]
    paths.append((f"{url_path_join(base_url, contract.PREFIX)}(/.*)?", NothingHandler))
    return [(path, handler, {"services": services}) for path, handler in paths]


def _pattern(handler: type[Handler]) -> str:
    """The path of a handler as a regular expression; what its variable parts may be, the contract says."""
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", handler.template.replace(".", r"\."))
