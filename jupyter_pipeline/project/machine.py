"""What a project can be told of this machine: how jobs are isolated here, runtimes, what is kept on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import runtimes
from ..config import JOBS, Config
from ..errors import ExecutorUnavailable
from ..executors import choosing
from ..models import Runtime, RuntimeInfo

if TYPE_CHECKING:  # imported where they are used
    from ..kernels.specs import InstalledKernel
    from . import doctor, housekeeping


@dataclass(frozen=True, slots=True)
class ChosenExecutor:
    """What jobs would be run by on this machine."""

    asked: str
    """What the settings say, such as ``auto``."""
    name: str | None = None
    """None where it does not work here."""
    missing_isolation: tuple[str, ...] = ()
    """A sentence for each protection that it lacks."""
    message: str = ""
    """Why it does not work here."""


class Machine:
    """A project on this machine. Methods raise PipelineError."""

    config: Config

    def isolation(self) -> tuple[str, tuple[str, ...]]:
        """The executor that jobs would run with here, and a sentence for each protection that it lacks.

        Raises ExecutorUnavailable.
        """
        executor = choosing.of_project(self.config, self.config.folder / JOBS)
        with contextlib.closing(executor):
            return " and ".join(executor.names), executor.missing_isolation

    def chosen_executor(self) -> ChosenExecutor:
        """As `isolation`, also where no executor works here: why not is told then."""
        try:
            name, missing = self.isolation()
        except (ExecutorUnavailable, OSError) as error:
            return ChosenExecutor(self.config.executor, message=str(error))
        return ChosenExecutor(self.config.executor, name, missing)

    def runtime(self, name: str) -> RuntimeInfo:
        """How it stands with a runtime; nothing is built."""
        return runtimes.describe(name, self.config)

    def runtimes(self) -> tuple[runtimes.Described, ...]:
        """Every runtime that the project knows."""
        return runtimes.describe_all(self.config)

    def build_runtime(self, name: str, progress: Callable[[str], None]) -> Runtime:
        """Build a runtime unless it is ready. Raises RuntimeUnavailable."""
        return runtimes.prepare(name, self.config, progress)

    def pull_runtime(self, name: str, progress: Callable[[str], None]) -> str:
        """Fetch the image of a runtime from its registry; its id. Raises RuntimeUnavailable, ExecutorUnavailable."""
        return runtimes.pull(name, self.config, progress)

    def remove_runtime(self, name: str) -> int:
        """Delete what was built for a runtime, which may serve other projects too; bytes freed."""
        from . import housekeeping

        return housekeeping.remove_runtime(self.config, name)

    def kernels(self) -> tuple[InstalledKernel, ...]:
        """The kernels of ours that this user's Jupyter knows, of all projects."""
        from ..kernels import specs as kernels

        return kernels.installed()

    def install_kernel(self, runtime: str, action: str | None = None) -> InstalledKernel:
        """Register a kernel that runs in a runtime, with the inputs of an action if one is named."""
        from ..kernels import specs as kernels

        return kernels.install(self.config, runtime, action)

    def remove_kernel(self, name: str) -> None:
        """Remove a kernel of ours. Raises InvalidRequest."""
        from ..kernels import specs as kernels

        kernels.remove(name)

    def run_kernel(self, runtime: str, action: str | None, connection_file: Path) -> int:
        """Run one session of a kernel, as Jupyter asks for it; its exit code."""
        from ..kernels import sessions

        return sessions.start(self.config, runtime, action, connection_file)

    def holdings(self, everything: bool = False, older_than: float = 0.0) -> tuple[housekeeping.Holding, ...]:
        """What is kept on disk, and how much of it `clean` would remove; the arguments as in ``Scope``."""
        from . import housekeeping

        return housekeeping.holdings(self.config, housekeeping.Scope(everything, older_than))

    def clean(self, everything: bool = False, older_than: float = 0.0) -> tuple[housekeeping.Holding, ...]:
        """Remove what is not needed; what that was. Raises PipelineError while an engine runs."""
        from . import housekeeping

        return housekeeping.clean(self.config, housekeeping.Scope(everything, older_than))

    @staticmethod
    def diagnose(start: Path | str = ".", **settings: Any) -> tuple[doctor.Check, ...]:
        """What works on this machine and what is missing, for the project around `start` if there is one."""
        from . import doctor

        return doctor.examine(Path(start), **settings)
