"""The words that the magics understand; an error is told in a sentence, and help as text, without leaving anything."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from typing import NoReturn

from ..errors import InvalidRequest

INTERRUPTS = ("leave", "cancel")


class Helped(Exception):
    """Somebody asked for help, which has been printed."""


class Words(argparse.ArgumentParser):
    """A parser that neither ends the process nor abbreviates."""

    def __init__(self, *, prog: str, description: str = "", add_help: bool = True) -> None:
        super().__init__(prog=prog, description=description, add_help=add_help, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise InvalidRequest."""
        raise InvalidRequest(f"{self.prog}: {message}.", f"`{self.prog.split()[0]} --help` says what there is.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Come back to the cell."""
        raise Helped(message or "")


def split(line: str) -> list[str]:
    """The words of a line, as a shell would read them. Raises InvalidRequest."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise InvalidRequest(f"The line cannot be read: {error}.", "Close every quote.") from None


def pipeline() -> Words:
    """The words of ``%pipeline``."""
    parser = Words(prog="%pipeline", description="Without a word: the graph of the pipeline, and how it stands.")
    parser.add_argument("--project", default=".", help="a folder of the project; by default the current one")
    commands = parser.add_subparsers(dest="command", parser_class=_Command, metavar="WORD")

    plan = commands.add_parser("plan", help="what a run would do, and why")
    run = commands.add_parser("run", help="run actions, and watch them")
    for each in (plan, run):
        each.add_argument("actions", nargs="*", help="what to run; by default everything")
        each.add_argument("--force", action="store_true", help="run also the actions that these need")
        each.add_argument("--revision", help="a commit, branch or tag")
    run.add_argument("--no-wait", action="store_true", help="come back at once")
    _interrupt(run)
    commands.add_parser("status", help="how it stands with each action")
    logs = commands.add_parser("logs", help="what a job printed")
    logs.add_argument("job", help="an action, or a job's identifier")
    outputs = commands.add_parser("outputs", help="the outputs, and which may be viewed")
    outputs.add_argument("action", nargs="?")
    read = commands.add_parser("read", help="what is in an output, if it may be viewed")
    read.add_argument("path")
    show = commands.add_parser("show", help="a request with its jobs")
    show.add_argument("request", nargs="?", help="its number or identifier; by default the newest")
    commands.add_parser("requests", help="the newest requests")
    check = commands.add_parser("check", help="what is wrong with project.yaml")
    check.add_argument("--rules", default="native", help="whose rules to judge by")
    compare = commands.add_parser("compare", help="what differs from the code of an earlier request")
    compare.add_argument("request", nargs="?", help="by default the newest")
    compare.add_argument(
        "--with", dest="other", default="previous", help="another request, previous or previous_successful"
    )
    report = commands.add_parser("report", help="the report of a notebook, or of a job's")
    report.add_argument("name", help="an action, a job's identifier, or a notebook's path")
    cancel = commands.add_parser("cancel", help="stop the unfinished jobs of a request")
    cancel.add_argument("request", nargs="?", help="by default the newest")
    return parser


def action() -> Words:
    """The words of ``%%action``."""
    parser = Words(prog="%%action", description="Turn the cell into an action of the pipeline, and run it.")
    parser.add_argument("name")
    parser.add_argument("--image", help="what it runs in, such as python:v2 or r:latest; by default python:v2")
    parser.add_argument("--needs", nargs="*", metavar="ACTION", help="the actions whose outputs it reads")
    for level in ("highly", "moderately", "minimally"):
        parser.add_argument(f"--{level}", nargs="+", metavar="PATH", help=f"its {level} sensitive outputs")
    parser.add_argument("--script", help="where the cell is written; by default analysis/NAME.py (or .R, .do)")
    parser.add_argument("--replace", action="store_true", help="write over a file that no such cell has written")
    parser.add_argument("--no-run", action="store_true", help="only write it")
    parser.add_argument("--no-wait", action="store_true", help="come back at once")
    parser.add_argument("--project", default=".", help="a folder of the project; by default the current one")
    _interrupt(parser)
    return parser


def flags(parser: argparse.ArgumentParser) -> list[str]:
    """The flags that a parser knows."""
    return [option for one in parser._actions for option in one.option_strings if option.startswith("--")]


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The sub-commands of a parser."""
    for one in parser._actions:
        if isinstance(one, argparse._SubParsersAction):
            return dict(one.choices)
    return {}


def parsed(parser: Words, words: Sequence[str]) -> argparse.Namespace | None:
    """What the words say; None where help was asked for. Raises InvalidRequest."""
    try:
        return parser.parse_args(words)
    except Helped:
        return None


class _Command(Words):
    """One sub-command."""

    def __init__(self, *, prog: str, help: str = "", **_: object) -> None:  # noqa: A002 - argparse's own word
        super().__init__(prog=prog, description=help)


def _interrupt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-interrupt",
        choices=INTERRUPTS,
        default="leave",
        help="what becomes of the jobs when the kernel is interrupted",
    )
