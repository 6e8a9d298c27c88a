"""Building runtimes without waiting for them: one process each, looked at from time to time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..config import ENV_CACHE, Config
from ..models import Runtime, RuntimeInfo, RuntimeState
from . import describe, installed
from .images import as_recorded


@dataclass(slots=True)
class _Build:
    process: subprocess.Popen[str]
    log: Path


@dataclass(slots=True)
class Builds:
    """What an engine knows of the runtimes that its jobs ask for."""

    config: Config
    _infos: dict[str, RuntimeInfo] = field(default_factory=dict)
    _ready: dict[str, Runtime] = field(default_factory=dict)
    _builds: dict[str, _Build] = field(default_factory=dict)

    def info(self, name: str) -> RuntimeInfo:
        """How it stands with a runtime now, as far as this engine has seen."""
        if name not in self._infos:
            self._infos[name] = describe(name, self.config)
        return self._infos[name]

    def runtime(self, name: str, identity: str = "") -> Runtime | None:
        """The runtime, if it is ready; an image is the one with that identity, whatever its name means by now."""
        if name not in self._ready:
            found = installed(name, self.config)
            if found is None:
                return None
            self._ready[name] = found
        return as_recorded(self._ready[name], identity)

    def build(self, name: str) -> None:
        """Begin to build a runtime unless that is under way."""
        if name in self._builds:
            return
        self.config.folder.mkdir(parents=True, exist_ok=True)
        log = self.config.folder / f"build-{name.replace('/', '_').replace(':', '-')}.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-X",
                    "utf8",
                    "-m",
                    "jupyter_pipeline.runtimes",
                    name,
                    "--project",
                    str(self.config.root),
                ],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=os.environ | {ENV_CACHE: str(self.config.cache)},
                text=True,
                start_new_session=True,
            )
        self._builds[name] = _Build(process, log)

    def look(self) -> set[str]:
        """The names of runtimes that have something new to tell: progress, readiness or failure."""
        news = set()
        for name, build in list(self._builds.items()):
            status = build.process.poll()
            said = _last_line(build.log)
            if status is None:
                info = replace(self._infos[name], message=f"Being built: {said}" if said else "Being built.")
            else:
                del self._builds[name]
                info = describe(name, self.config)
                if status != 0 and info.state is not RuntimeState.READY:
                    info = replace(info, state=RuntimeState.MISSING, message=said or "It could not be built.")
            if info != self._infos.get(name):
                self._infos[name] = info
                news.add(name)
        return news

    def wait(self) -> None:
        """Wait until nothing is being built any more; for tests and for a tidy end."""
        for build in self._builds.values():
            with contextlib.suppress(subprocess.SubprocessError):
                build.process.wait()


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""
    return ""
