"""The server extension: settings, routes, the guard, and what follows the stores while the server runs."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Bool, Enum, Float, Int, Unicode

from ..api import contract, requests
from ..api.exchange import LOCAL, SERVICE, About
from ..api.projects import Projects
from ..config import ENV_EXECUTOR, ENV_JOBS, ENV_SERVICE_TOKEN_FILE, ENV_SERVICE_URL, ENV_STATE, cores
from ..errors import PipelineError
from ..protection import Protection
from . import contents_guard, handlers, protected_mode
from .base import Services
from .event_stream import SCHEMA, Tail
from .remote import Remote

EVENTS = Path(__file__).parent / "events" / "job.yaml"


class PipelineExtension(ExtensionApp):
    """Runs pipelines behind a Jupyter server: routes, events, and the guard of what may not be seen."""

    name = "jupyter_pipeline"
    state = Unicode("", config=True, help="Where our own files are kept; by default .jupyter_pipeline in each project.")
    executor = Unicode("", config=True, help="How jobs are run: auto, sandbox, process, or another that is installed.")
    jobs = Int(0, config=True, help="How many jobs of a project run at once; 0 is what the project says.", min=0)
    workers = Int(0, config=True, help="How many processes work out answers; 0 is one a core, at most 4.", min=0)
    guarded = Bool(
        True,
        config=True,
        help="Refuse protected outputs on Jupyter's own routes for files. It guards against slips, not against intent: "
        "whoever may use a kernel or a terminal can read what the server's user can read.",
    )
    protected_mode = Bool(
        False,
        config=True,
        help="Refuse to start while terminals, kernels or unknown extensions could read what is protected.",
    )
    mode = Enum(
        [LOCAL, SERVICE],
        LOCAL,
        config=True,
        help="A person's own server, or the service of split mode, which sets this.",
    )
    updates = Bool(
        True, config=True, help="In the service: let people have a project's checkout updated from its own remote."
    )
    service_url = Unicode("", config=True, help="Where the service of split mode is; everything is handed on to it.")
    service_token_file = Unicode("", config=True, help="The file that holds this person's token for the service.")
    rest = Float(600.0, config=True, help="Seconds after which a project that nobody asks about is followed no more.")

    services: Services

    def initialize_settings(self) -> None:
        """Look for projects below the server's folder, and put the guard into the chain.

        The server does not start where that cannot be done as it was asked for: it would be without protection.
        """
        try:
            self._initialize()
        except PipelineError as error:
            self.log.critical("%s", error)
            raise SystemExit(1) from error  # of any other error the server would only make a note

    def _initialize(self) -> None:
        self._tell_pages()
        contract.prepare()
        root = Path(self._server.root_dir)
        about = About(self.mode, self.protected_mode, self.mode == LOCAL and self.guarded)
        self.services = Services(Projects(root, self._project_settings()), self.workers or min(cores(), 4), about)
        if about.guarded:
            contents_guard.install(self._server, Protection(root, settings=self._project_settings()))
        self._check_protection()
        self.services.updates = self.mode == SERVICE and self.updates
        self._tell_kernels()
        if self.service_url:
            self.services.remote = Remote(self.service_url, self.service_token_file, self._emit, self.rest)
        assert self._server.event_logger is not None
        self._server.event_logger.register_event_schema(EVENTS)

    def _tell_pages(self) -> None:
        """Let JupyterLab's and Notebook's pages know that this is here: then the front end need not ask in vain."""
        assert self._server.web_app is not None
        self._server.web_app.settings.setdefault("page_config_data", {})["jupyterPipelineApi"] = str(requests.API)

    def _check_protection(self) -> None:
        """Note whether the guard is really in the chain. Raises PipelineError where protected mode asks for more."""
        if self.mode == LOCAL:
            installed = contents_guard.is_installed(self._server)
            if self.services.about.guarded and not installed:
                self.log.warning("The guard of protected outputs is not in the chain of this server any more.")
            self.services.about = replace(self.services.about, guarded=installed)
        reasons = protected_mode.reasons_unsafe(self._server) if self.protected_mode else ()
        if reasons:
            listed = "".join(f"\n  - {reason}" for reason in reasons)
            raise PipelineError(
                f"Protected mode is on, and what is protected could be read in other ways:{listed}\n",
                "Mend these, or run the pipelines as another user (docs/security.md, split mode).",
            )

    def initialize_handlers(self) -> None:
        """Our routes; all of them, so that tests can count them."""
        self.handlers.extend(handlers.routes("", self.services))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Follow the stores, and go on with what was running when the server was stopped."""
        try:
            self._check_protection()  # once more, now that every extension has had its turn
        except PipelineError as error:
            self.log.critical("%s", error)
            serverapp.stop()
            return
        if self.services.remote is not None:
            return
        projects = self.services.projects
        await self.services.workers.warm()
        self.services.follow(Tail(self.services.run, projects.open, self._emit, self._show_activity, self.rest))
        for known, project in await self.services.run(lambda: list(projects.open_all())):
            if await self.services.run(project.is_busy):
                await self.services.tail.watch(known.id, project.config.backend)
                await self.services.run(project.detach)

    async def stop_extension(self) -> None:
        """Let go of everything; engines and jobs go on by themselves."""
        await self.services.stop()

    @property
    def _server(self) -> ServerApp:
        assert self.serverapp is not None
        return self.serverapp

    def _project_settings(self) -> dict[str, Any]:
        return {"state": self.state or None, "executor": self.executor or None, "jobs": self.jobs or None}

    def _tell_kernels(self) -> None:
        """Let the kernels that this server starts find the same store or service: they inherit its environment."""
        told = {
            ENV_STATE: self.state,
            ENV_EXECUTOR: self.executor,
            ENV_JOBS: str(self.jobs or ""),
            ENV_SERVICE_URL: self.service_url,
            ENV_SERVICE_TOKEN_FILE: self.service_token_file,
        }
        os.environ.update({name: value for name, value in told.items() if value})

    def _emit(self, event: dict[str, Any]) -> None:
        assert self._server.event_logger is not None
        self._server.event_logger.emit(schema_id=SCHEMA, data=event)

    def _show_activity(self) -> None:
        """Let a hub see that this server is at work, so that it is not stopped for being idle."""
        assert self._server.web_app is not None
        self._server.web_app.settings["last_activity_times"][self.name] = datetime.now(UTC)
