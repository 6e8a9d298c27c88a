"""Which command starts the kernel that a notebook asks for, in the action's runtime."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from .faults import CannotRun
from .order import DriverOrder
from .progress import log

NAME = re.compile(r"[A-Za-z0-9._-]+")
PYTHON_NAME = re.compile(
    r"\.?(python|ipython|pypy|conda|mamba|anaconda|miniconda|venv|env|virtualenv|base|default)", re.I
)
"""Names that people's machines give to their Python kernels; each means the runtime's Python."""
PYTHON_PROGRAM = re.compile(r"(python|pypy)[0-9.]*")
QUICKER = ("--HistoryManager.enabled=False",)
"""Nobody looks up the history of a notebook's kernel, and its database costs time."""
LAUNCHER = ("-m", "ipykernel_launcher")
START = """
import sys, threading
if sys.path[0] == "":
    del sys.path[0]
sys.argv[0] = "ipykernel_launcher"
from ipykernel import kernelapp
kernelapp.launch_new_instance()
for thread in threading.enumerate():
    if thread.name == "Control":
        thread.join(1)
"""
"""What ipykernel_launcher does: ``-c`` lets it keep the study's folder out of the way while the kernel is imported, so
that a file there called ``random.py`` breaks no kernel. (With ``-m``, old versions fail to.) And at the end the thread
for control messages may finish first: ipykernel 7 stops the thread that writes while that one still waits for it, and
then waits ten seconds for nothing."""


@dataclass(frozen=True, slots=True)
class KernelCommand:
    """How a kernel is started and spoken to."""

    name: str
    language: str
    argv: tuple[str, ...]
    """With ``{connection_file}`` where the name of that file belongs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    interrupts_by_message: bool = False


def choose(order: DriverOrder, metadata: Mapping[str, Any]) -> KernelCommand:
    """The command for a notebook with this metadata.

    A kernelspec of the runtime wins. Otherwise a Python notebook is run by the runtime's Python, whatever its author's
    machine called that kernel. Raises CannotRun where neither will do.
    """
    spec, info = (_mapping(metadata.get(key)) for key in ("kernelspec", "language_info"))
    name = order.run.kernel or _text(spec.get("name"))
    language = _text(info.get("name")) or _text(spec.get("language"))
    if found := _find(order, name):
        return found
    is_python = language.lower().startswith(("python", "ipython")) or not (language or name)
    if not (PYTHON_NAME.match(name) if order.run.kernel or not is_python else is_python):
        raise CannotRun(_says_missing(order, name or language))
    if order.python is None:
        raise CannotRun(says_no_ipykernel(order))
    if name not in ("", "python3", "python"):
        log(f"The runtime has no kernel `{name[:80]}`; its Python is used.")
    argv = (order.python, "-c", START, "-f", "{connection_file}", *QUICKER)
    return KernelCommand(name or "python3", "python", argv)


def says_no_ipykernel(order: DriverOrder) -> str:
    """The sentence for a runtime without ipykernel."""
    return f"The runtime {order.runtime} has no ipykernel, so it cannot run notebooks."


def _says_missing(order: DriverOrder, name: str) -> str:
    there = {path.parent.name for folder in order.kernel_folders for path in Path(folder).glob("*/kernel.json")}
    if order.python is not None:
        there.add("python3")
    has = f"It has {', '.join(f'`{kernel}`' for kernel in sorted(there))}." if there else "It has none."
    return f"The notebook asks for the kernel `{name[:80]}`, which the runtime {order.runtime} does not have. {has}"


def _find(order: DriverOrder, name: str) -> KernelCommand | None:
    if not NAME.fullmatch(name):
        return None
    for folder in order.kernel_folders:
        for candidate in (name, name.lower()):
            path = Path(folder, candidate, "kernel.json")
            if os.path.isfile(path):
                return _read(order, name, path)
    return None


def _read(order: DriverOrder, name: str, path: Path) -> KernelCommand:
    try:
        spec = json.loads(path.read_bytes())
        words = [str(word) for word in spec["argv"]]
        program = words[0]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise CannotRun(f"The kernelspec `{name}` of the runtime {order.runtime} cannot be used.") from None
    values = {"resource_dir": str(path.parent), "prefix": str(path.parents[4]) if len(path.parents) > 4 else "/"}
    words = [_fill(word, values) for word in words]
    if any("ipykernel" in word for word in words[1:]):
        if PYTHON_PROGRAM.fullmatch(os.path.basename(program)) or program == "{sys.executable}":
            if order.python is None:
                raise CannotRun(says_no_ipykernel(order))
            words[0] = order.python
        words = [*_started_by_us(words), *QUICKER]
    environment = {
        str(key): Template(str(value)).safe_substitute(order.environment)
        for key, value in _mapping(spec.get("env")).items()
    }
    by_message = spec.get("interrupt_mode") == "message"
    return KernelCommand(name, _text(spec.get("language")), tuple(words), environment, by_message)


def _started_by_us(words: list[str]) -> list[str]:
    """The same command with our start of ipykernel in the place of its own."""
    for index in range(1, len(words) - 1):
        if tuple(words[index : index + 2]) == LAUNCHER:
            return [*words[:index], "-c", START, *words[index + 2 :]]
    return words


def _fill(word: str, values: Mapping[str, str]) -> str:
    """Replaces what jupyter_client replaces in a kernelspec (KernelManager.format_kernel_cmd)."""
    return re.sub(r"\{([A-Za-z0-9_]+)\}", lambda found: values.get(found[1], found[0]), word)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
