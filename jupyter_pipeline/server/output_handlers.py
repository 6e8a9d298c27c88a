"""The routes to outputs and logs, and to the record of who looked at them."""

from __future__ import annotations

import asyncio
import time

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..api import comparisons, outputs, requests
from ..outputs import log as joblog
from .base import Handler

LOOK = 0.2
"""Seconds between two looks at a log that is followed."""


def is_over(deadline: float) -> bool:
    """Whether that moment is past."""
    return time.monotonic() >= deadline


class LogHandler(Handler):
    """The log of a job."""

    template = "/projects/{project}/jobs/{job}/log"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:logs")
    async def get(self, project: str, job: str) -> None:
        """A part of it: by offset, by a range of bytes, or as it grows."""
        if await self.is_handed_on(project=project, job=job):
            return
        asked = self.asked(project=project, job=job).values
        deadline = time.monotonic() + asked["wait"]
        watched = await self.services.tail.watch(project, asked["backend"]) if asked["wait"] else None
        while True:
            rung = watched.rung if watched else None
            reply = await self.answer(outputs.log, project=project, job=job)
            if watched is None or reply.body or reply.headers.get("Log-Ended") != "false" or is_over(deadline):
                self.send(reply)
                return
            log, known = watched.project.log(reply.headers["Log-Job"]), int(reply.headers["Log-Size"])
            while joblog.size(log) <= known and not (rung and rung.is_set()) and not is_over(deadline):
                await asyncio.sleep(LOOK)


class LogPageHandler(Handler):
    """The log of a job as a page."""

    template = "/projects/{project}/jobs/{job}/log/view"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:logs")
    async def get(self, project: str, job: str) -> None:
        """Its end, with its colours."""
        self.check_xsrf_cookie()
        await self.reply(outputs.log_page, project=project, job=job)


class ReportHandler(Handler):
    """The report of the notebook of a job."""

    template = "/projects/{project}/jobs/{job}/report"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, job: str) -> None:
        """A page, if it may be seen."""
        self.check_xsrf_cookie()
        await self.reply(outputs.report, project=project, job=job)


class OutputsHandler(Handler):
    """Outputs."""

    template = "/projects/{project}/outputs"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str) -> None:
        """Those of the workspace, or of a job."""
        await self.reply(outputs.outputs, project=project, shared=True)


class OutputPairsHandler(Handler):
    """The outputs of a request."""

    template = "/projects/{project}/requests/{request}/outputs"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, request: str) -> None:
        """Beside those of another."""
        await self.reply(comparisons.output_pairs, project=project, request=request, shared=True)


class OutputHandler(Handler):
    """An output."""

    template = "/projects/{project}/outputs/{output}"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, output: str) -> None:
        """What is known of it."""
        await self.reply(outputs.output, project=project, output=output, shared=True)


class ContentHandler(Handler):
    """The file of an output."""

    template = "/projects/{project}/outputs/{output}/content"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, output: str) -> None:
        """Its bytes, if they may be seen."""
        self.check_xsrf_cookie()
        await self.reply(outputs.content, project=project, output=output)


class ViewHandler(Handler):
    """An output to look at."""

    template = "/projects/{project}/outputs/{output}/view"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, output: str) -> None:
        """A page of it, if it may be seen."""
        self.check_xsrf_cookie()
        asked = self.asked(project=project, output=output).values
        ticket = asked["ticket"] or ""
        good = self.services.tickets.take(ticket, project, asked["backend"], output)
        await self.reply(outputs.view, good, project=project, output=output)


class ComparisonHandler(Handler):
    """An output beside another."""

    template = "/projects/{project}/outputs/{output}/comparison"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, output: str) -> None:
        """A page of both, if they may be seen."""
        self.check_xsrf_cookie()
        await self.reply(comparisons.comparison, project=project, output=output)


class TableHandler(Handler):
    """An output that is a table."""

    template = "/projects/{project}/outputs/{output}/table"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:outputs")
    async def get(self, project: str, output: str) -> None:
        """Some of its rows, if they may be seen."""
        await self.reply(outputs.table, project=project, output=output)


class ScriptsHandler(Handler):
    """The scripts of an HTML output."""

    template = "/projects/{project}/outputs/{output}/scripts"

    @web.authenticated
    @authorized("write", "jupyter_pipeline:outputs")
    async def post(self, project: str, output: str) -> None:
        """Leave to run them once."""
        backend = self.asked(project=project, output=output).values["backend"]
        ticket = self.services.tickets.give(project, backend, output)
        await self.reply(outputs.allow_scripts, ticket, project=project, output=output)


class SyntheticHandler(Handler):
    """The switch for synthetic data."""

    template = "/projects/{project}/synthetic"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:synthetic")
    async def get(self, project: str) -> None:
        """How it stands."""
        await self.reply(requests.synthetic, project=project)

    @web.authenticated
    @authorized("write", "jupyter_pipeline:synthetic")
    async def put(self, project: str) -> None:
        """Turn it."""
        await self.reply(requests.switch_synthetic, project=project)


class ViewsHandler(Handler):
    """The record of who looked at what."""

    template = "/projects/{project}/views"

    @web.authenticated
    @authorized("read", "jupyter_pipeline:views")
    async def get(self, project: str) -> None:
        """A page of it."""
        await self.reply(requests.views, project=project)
