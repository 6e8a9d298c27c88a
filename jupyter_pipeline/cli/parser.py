"""The commands and their options. What they do is in their modules."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import InvalidRequest

EPILOG = """\
exit codes:
  0    done: the jobs succeeded, there was nothing to do, or what was asked is shown
  1    a job failed; check found errors; doctor found something that this project needs missing
  2    bad input: options, project.yaml, settings, an unknown action, request or job
  3    it cannot be done here: no executor, no runtime, a store or a folder that cannot be used
  4    jobs were cancelled
  130  left on Ctrl-C (143: when told to end, 129: when the terminal closed); detached jobs go on
  141  the reader of the output went away, as `head` does

All times are UTC. NO_COLOR is honoured. docs/cli.md says more."""

_Subparsers = Any


class Parser(argparse.ArgumentParser):
    """One that raises its complaints, so that they are told like all others."""

    def error(self, message: str) -> NoReturn:
        """Raises InvalidRequest."""
        text = message[0].upper() + message[1:]
        raise InvalidRequest(f"{text.rstrip('.')}.", f"`{self.prog} --help` says what is understood.")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The options of a command line. Raises InvalidRequest; --help and --version exit at once, with 0."""
    options = build().parse_args(words)
    if options.backend is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", options.backend):
        raise InvalidRequest(
            f"{options.backend!r} is not the name of a backend.", "It has letters, digits, `_` and `-` only."
        )
    return options


def build() -> Parser:
    """The whole tree of commands."""
    parser = Parser(
        prog="jupyter pipeline",
        description="Run OpenSAFELY-style research pipelines: actions in isolated jobs, outputs by sensitivity level.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    _general(parser, None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        _check,
        _schema,
        _plan,
        _run,
        _status,
        _logs,
        _cancel,
        _outputs,
        _requests,
        _show,
        _compare,
        _report,
        _runtimes,
        _kernels,
        _clean,
        _doctor,
        _serve,
    ):
        add(commands)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from .._version import __version__

        print(f"jupyter_pipeline {__version__}")
        parser.exit()


def _general(parser: argparse.ArgumentParser, default: object) -> None:
    """The options that every command has, before or after its name."""

    def kept(value: object) -> Any:
        return value if default is None else default

    group = parser.add_argument_group("project")
    group.add_argument(
        "--project", metavar="DIR", default=kept("."), help="the project's folder, or one inside it (default: here)"
    )
    group.add_argument("--backend", metavar="NAME", default=kept(None), help="the backend (default: expectations)")
    group.add_argument(
        "--state", metavar="DIR", default=kept(None), help="where our own files are kept (default: .jupyter_pipeline)"
    )
    group.add_argument(
        "--color", choices=("auto", "always", "never"), default=kept("auto"), help="colours (default: auto)"
    )


def _add(commands: _Subparsers, name: str, module: str, text: str, json: bool = True) -> Parser:
    first = text.split(". ", maxsplit=1)[0].rstrip(".")
    parser: Parser = commands.add_parser(
        name,
        help=first[0].lower() + first[1:],
        description=text,
        allow_abbrev=False,
        epilog="`jupyter pipeline --help` lists the exit codes.",
    )
    parser.set_defaults(module=f".{module}", json=False)
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    _general(parser, argparse.SUPPRESS)
    return parser


def _check(commands: _Subparsers) -> None:
    from ..spec.rulesets import RULESETS

    text = "Say everything that is wrong with project.yaml, with line, cause and cure."
    parser = _add(commands, "check", "check", text)
    parser.add_argument("file", nargs="?", metavar="FILE", help="check this file's text alone; - for standard input")
    parser.add_argument(
        "--rules",
        metavar="NAME",
        choices=tuple(RULESETS),
        default="native",
        help=f"whose rules: {', '.join(RULESETS)} (default: native, what runs here)",
    )
    parser.add_argument("--fix", action="store_true", help="write what can be mended mechanically; shows it first")


def _schema(commands: _Subparsers) -> None:
    _add(commands, "schema", "schema", "Print the JSON Schema of project.yaml, for editors.", json=False)


def _asked(parser: Parser) -> None:
    parser.add_argument(
        "actions", nargs="*", metavar="ACTION", help="what to run; default run_all, which is every action"
    )
    parser.add_argument(
        "--force", action="store_true", help="run the actions it needs again too, also if they are up to date"
    )
    parser.add_argument("--commit", metavar="REV", help="take the code of this commit, branch or tag")


def _plan(commands: _Subparsers) -> None:
    _asked(
        _add(
            commands,
            "plan",
            "plan",
            "Say what `run` would run, skip, or could not run here, and why. Nothing is started.",
        )
    )


def _run(commands: _Subparsers) -> None:
    text = (
        "Run actions and what they need, and stay until the jobs have ended. "
        "On a terminal a live table shows how far they are. Ctrl-C asks whether to cancel the jobs, to leave them "
        "running, or to keep waiting; a second Ctrl-C cancels. Without a terminal, Ctrl-C (SIGINT) cancels the jobs "
        "and waits for their end. When told to end (SIGTERM) or when the terminal closes, the jobs are left running."
    )
    parser = _add(commands, "run", "run", text)
    _asked(parser)
    parser.add_argument("--jobs", metavar="N", type=_count, help="how many jobs run at once")
    parser.add_argument(
        "--executor", metavar="NAME", help="how jobs are run: sandbox, process (no isolation) or auto (default)"
    )
    parser.add_argument("--timeout", metavar="TIME", help="stop a job that runs longer, such as 90s, 30m or 2h")
    parser.add_argument("--detach", action="store_true", help="do not wait: leave the jobs running and return")
    parser.add_argument(
        "--on-interrupt",
        choices=("ask", "cancel", "detach"),
        help="what Ctrl-C does (default: ask on a terminal, else cancel)",
    )


def _status(commands: _Subparsers) -> None:
    _add(commands, "status", "status", "Show for every action how its last job went and whether it is up to date.")


def _logs(commands: _Subparsers) -> None:
    parser = _add(commands, "logs", "logs", "Print the log of a job.", json=False)
    parser.add_argument(
        "job", metavar="ACTION|JOB", help="an action, for its newest job, or (the beginning of) a job's identifier"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the job has ended")
    parser.add_argument("-n", "--lines", metavar="N", type=_count, help="begin with the last N lines (default: all)")


def _cancel(commands: _Subparsers) -> None:
    parser = _add(commands, "cancel", "cancel", "Cancel a request, or some of its jobs.")
    parser.add_argument(
        "request", nargs="?", metavar="REQUEST", help="its identifier or number (default: the newest unfinished one)"
    )
    parser.add_argument("--job", action="append", metavar="JOB|ACTION", help="cancel only this job; may be given again")


def _outputs(commands: _Subparsers) -> None:
    parser = _add(commands, "outputs", "outputs", "List the outputs with their levels, and whether they may be viewed.")
    parser.add_argument("action", nargs="?", metavar="ACTION", help="only those of this action")


def _requests(commands: _Subparsers) -> None:
    parser = _add(commands, "requests", "requests", "List the job requests, newest first.")
    parser.add_argument("--limit", metavar="N", type=_count, default=20, help="at most so many (default: 20)")


def _show(commands: _Subparsers) -> None:
    parser = _add(commands, "show", "show", "Show a job request in full: jobs, pipeline, timeline, code comparison.")
    parser.add_argument("request", nargs="?", metavar="REQUEST", help="its identifier or number (default: the newest)")


def _compare(commands: _Subparsers) -> None:
    text = "Show what differs between the code of two requests. Notebooks are compared by their cells."
    parser = _add(commands, "compare", "compare", text)
    parser.add_argument(
        "older",
        nargs="?",
        metavar="OLDER",
        help="a request's identifier or number, `previous` (default) or `previous_successful`",
    )
    parser.add_argument("newer", nargs="?", metavar="NEWER", help="the other request (default: the newest)")
    parser.add_argument("--path", metavar="FILE", help="show what differs in this file, relative to the project")
    parser.add_argument(
        "--unified", action="store_true", help="one version below the other, also on terminals of 120 columns or more"
    )


def _report(commands: _Subparsers) -> None:
    text = "Make a report from a notebook, or from the one that a job has executed."
    parser = _add(commands, "report", "report", text, json=False)
    parser.add_argument(
        "what", metavar="NOTEBOOK|JOB|ACTION", help="a notebook's file, a job, or an action's newest job"
    )
    parser.add_argument("--to", choices=("html", "pdf", "md"), default="html", help="what to make (default: html)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to; - for standard output")


def _runtimes(commands: _Subparsers) -> None:
    parser = _add(commands, "runtimes", "runtimes", "List, build, pull or remove the runtimes that image names mean.")
    parser.add_argument(
        "verb",
        nargs="?",
        choices=("list", "build", "pull", "remove"),
        default="list",
        metavar="list|build|pull|remove",
        help="what to do (default: list)",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a runtime such as python:v2")


def _kernels(commands: _Subparsers) -> None:
    text = (
        "List, install or remove kernels for Jupyter's launcher that run in a runtime of this project, isolated like "
        "its jobs, so that a notebook is written in the environment in which it will run."
    )
    parser = _add(commands, "kernels", "kernels", text)
    parser.add_argument(
        "verb",
        nargs="?",
        choices=("list", "install", "remove", "start"),
        default="list",
        metavar="list|install|remove",
        help="what to do (default: list)",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a runtime to install, or a kernel to remove")
    parser.add_argument("--action", metavar="ACTION", help="with the inputs of this action, and in its runtime")


def _clean(commands: _Subparsers) -> None:
    text = (
        "Say what is kept on disk, and remove what is not needed: what failed jobs left, interrupted builds, unused "
        "code snapshots. Published outputs, and the history that tells what is up to date, are never touched."
    )
    parser = _add(commands, "clean", "clean", text)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    parser.add_argument("--all", action="store_true", help="also logs, and what only serves comparison")
    parser.add_argument("--older-than", metavar="TIME", help="only of jobs that ended longer ago, such as 12h or 30d")


def _doctor(commands: _Subparsers) -> None:
    _add(commands, "doctor", "doctor", "Say what works on this machine, what is missing, and how to mend it.")


def _serve(commands: _Subparsers) -> None:
    text = (
        "Run pipelines for others, as a user of their own: a server with nothing but the pipelines' routes. People's "
        "own Jupyter servers hand requests on to it, so that what is protected is out of their users' reach."
    )
    parser = _add(commands, "serve", ".server.command", text, json=False)
    parser.add_argument(
        "--tokens", metavar="FILE", required=True, help="who may ask: a line for each person, with a name and a token"
    )
    text = "the settings of all projects, as in a jupyter_pipeline.toml; what they set themselves does not count here"
    parser.add_argument("--settings", metavar="FILE", help=text)
    parser.add_argument("--address", metavar="IP", default="127.0.0.1", help="where to listen (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=_count, default=8890, help="the port (default: 8890)")
    parser.add_argument("--base-url", metavar="PATH", default="/", help="the path of everything (default: /)")


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError("give a whole number above 0")
    return int(text)
