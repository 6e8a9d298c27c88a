"""The pipeline of a project.yaml, remembered from the last time.

Reading a thousand actions costs more than all the rest of planning them. Only valid files are remembered, under a hash
of their text and of the code that reads them; whatever is odd about what was remembered, the text is read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from sys import intern
from types import MappingProxyType
from typing import Any

from .._version import __version__
from ..models import (
    Action,
    Command,
    Level,
    OutputPattern,
    Pipeline,
)

FILE = "pipeline.json"
_READERS = ("spec", "spec/yaml", "graph", "rules", "models")
"""The folders of the package whose modules read a project.yaml."""
_LEVELS = {str(level): level for level in Level}


def load(source: bytes, folder: Path) -> Pipeline:
    """The pipeline that a project.yaml says; `folder` holds what is remembered. Raises InvalidProject."""
    key = _key(source)
    found = _recall(folder / FILE, key)
    if found is None:
        from ..spec import parsing  # with the YAML library it takes as long to import as to recall a thousand actions

        found = parsing.load(source)
        _remember(folder / FILE, key, found)
    return found


def _key(source: bytes) -> str:
    """What the outcome depends on: the text, and the modules that read it."""
    package = Path(__file__).parents[1]
    code = []
    for folder in _READERS:
        with os.scandir(package / folder) as entries:
            readers = sorted((entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py"))
        code += [(folder, name, status.st_size, status.st_mtime_ns) for name, status in readers]
    return hashlib.sha256(f"{__version__} {code} ".encode() + source).hexdigest()


def _recall(file: Path, key: str) -> Pipeline | None:
    try:
        data = json.loads(file.read_bytes())
        return _pipeline(data["pipeline"]) if data["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _remember(file: Path, key: str, pipeline: Pipeline) -> None:
    with contextlib.suppress(OSError):  # a project that may only be read is read each time
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{FILE}.{os.getpid()}")
        part.write_text(json.dumps({"key": key, "pipeline": _plain(pipeline)}), encoding="utf-8")
        part.replace(file)


def _plain(pipeline: Pipeline) -> dict[str, Any]:
    actions = [
        (
            *(action.name, action.run.raw, action.run.image, action.run.version, action.run.args, action.needs),
            [(output.level, output.name, output.pattern) for output in action.outputs],
            *(action.config, action.dummy_data_file, action.line),
        )
        for action in pipeline.actions.values()
    ]
    return {"version": pipeline.version, "population_size": pipeline.population_size, "actions": actions}


def _pipeline(data: dict[str, Any]) -> Pipeline:
    actions = {}
    for name, raw, image, version, args, needs, outputs, config, dummy, line in data["actions"]:
        command = Command(raw, intern(image), intern(version), tuple(args))
        patterns = tuple(OutputPattern(_LEVELS[level], label, pattern) for level, label, pattern in outputs)
        actions[name] = Action(name, command, tuple(needs), patterns, config, dummy, line)
    return Pipeline(data["version"], MappingProxyType(actions), data["population_size"])
