"""The terminal surface: ``jupyter pipeline COMMAND``.

Each command has a module of its own, imported only when it is asked for; how text looks is in ``text``, what ``--json``
says is in ``documents``. What the commands do is not here: they ask ``project``. docs/cli.md lists them all.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse

    from ..errors import PipelineError
    from ..project.facade import LocalProject

OK, FAILED, USAGE, NOT_HERE, CANCELLED = 0, 1, 2, 3, 4
"""Exit codes (docs/cli.md). Whoever leaves on a signal gives 128 + its number, as shells do."""
INTERRUPTED, BROKEN_PIPE = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; prints, and never raises for what a person can mend."""
    _open_streams()
    if argv is None:
        _begin_in_utf8()
    words = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(100_000)  # what a command makes it keeps: looking for garbage takes a quarter of the time
    for stream in (sys.stdout, sys.stderr):  # a file's name may hold what the terminal's encoding does not
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _guarded(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our output has had enough
        return BROKEN_PIPE
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"The output cannot be written: {error.strerror or error}.\n")
        return NOT_HERE
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED
    finally:
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _open_streams() -> None:
    """Give standard streams that are closed a harmless file: what is opened next would take their place otherwise.

    A database would, and what is printed by some library or program would be written into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8", errors="backslashreplace"))  # noqa: SIM115


def _begin_in_utf8() -> None:
    """Start once more where Python takes names of files and words of commands for another encoding than UTF-8.

    In a project they are UTF-8, whatever the locale of this machine is called.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"  # for the processes that we start
        os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding)
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _let_go(stream: TextIO) -> None:
    """Write what is left for a stream, or throw it away, since Python complains of one that takes nothing."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _guarded(words: Sequence[str]) -> int:
    from .. import person
    from ..errors import PipelineError

    person.ensure_home()
    as_json = "--json" in words
    try:
        return _command(words)
    except PipelineError as error:
        return _report(error, as_json)
    except BrokenPipeError:
        raise
    except OSError as error:  # a full disk, say; the layers below tell what they know of more exactly
        where = f" ({error.filename})" if error.filename else ""
        told = PipelineError(
            f"The operating system refused: {error.strerror or error}{where}.", "`jupyter pipeline doctor` says more."
        )
        return _report(told, as_json)


def _command(words: Sequence[str]) -> int:
    import importlib

    from .parser import parse
    from .text import Out

    options = parse(words)
    out = Out(sys.stdout, options.color)
    module = importlib.import_module(options.module, __package__)
    code: int = module.run(options, out)
    return code


def _report(error: PipelineError, as_json: bool) -> int:
    """Say what went wrong: as JSON on standard output, or as text on standard error."""
    from .. import errors

    mendable = (errors.InvalidProject, errors.ProjectNotFound, errors.InvalidConfig, errors.InvalidRequest)
    code = USAGE if isinstance(error, mendable) else NOT_HERE
    if as_json:
        from .documents import error_document, write

        write(error_document(error, code))
        return code
    from .text import Out, print_error

    sys.stdout.flush()
    print_error(Out(sys.stderr, "auto"), error)
    return code


def find_project(options: argparse.Namespace, **settings: object) -> LocalProject:
    """The project that the options name, or the one around this folder."""
    from ..project.facade import LocalProject

    return LocalProject.find(options.project, backend=options.backend, state=options.state, **settings)
