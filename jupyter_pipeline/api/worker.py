"""The process that works out answers, so that the server's event loop never waits for them, nor for Python's lock.

`main` reads orders from its standard input and writes replies to its standard output, each a pickle with its length
before it; it ends with its input. It speaks to nobody but the server that started it.
"""

from __future__ import annotations

import gc
import os
import pickle
import struct
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import PipelineError
from . import contract
from .contract import Given
from .exchange import Call, Reply, problem
from .projects import Projects

LENGTH = struct.Struct(">Q")
Answer = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Order:
    """One request, and the function that answers it."""

    function: Answer
    """Takes a `Call` and `more`; found again by its name."""
    template: str
    method: str
    given: Given
    who: str
    named: str | None
    more: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Crashed:
    """What a worker says when it has found a mistake of ours; for the server's log only."""

    trace: str


def answer(projects: Projects, order: Order) -> Reply:
    """Work out the answer to a request. What is wrong with it, or with the project, is a problem object."""
    try:
        operation = contract.operations()[order.template, order.method]
        asked = contract.read(operation, order.given)
        project = None
        if "project" in order.given.path:
            project = projects.open(order.given.path["project"], asked.values["backend"])
        return order.function(Call(asked, order.who, order.named, projects, project), *order.more)
    except PipelineError as error:
        return problem(error, projects.without_places)


def write(stream: IO[bytes], content: object) -> None:
    """Write one thing."""
    data = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def read_bytes(stream: IO[bytes]) -> bytes | None:
    """Read one thing, still packed; None at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return stream.read(LENGTH.unpack(head)[0])


def main() -> None:
    """Answer until nobody asks any more."""
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever is printed is for the server's log
    setup: tuple[Path, Mapping[str, Any]] = pickle.loads(read_bytes(source) or b"")
    projects = Projects(*setup)
    contract.prepare()
    gc.freeze()
    while (data := read_bytes(source)) is not None:
        try:
            reply: object = answer(projects, pickle.loads(data))
        except Exception:  # it must not take the process with it: others wait
            reply = Crashed(traceback.format_exc())
        write(target, reply)
