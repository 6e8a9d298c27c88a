"""The engine as a process of its own: started on demand, detached, gone when there is nothing to do."""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
from pathlib import Path

from .. import config as configuration
from ..config import ENV_CACHE, JOBS, Config
from ..errors import PipelineError
from ..executors import choosing
from ..store.database import Store
from .lease import Lease
from .loop import TURN, Engine

LOG = "engine.log"
PATIENCE = 5.0
"""Seconds that a new engine waits for the lease: the one before it may be on its way out."""


def spawn(config: Config) -> None:
    """Start an engine of its own for this workspace, unless one runs; it goes away when there is nothing to do."""
    config.folder.mkdir(parents=True, exist_ok=True)
    options = ["--backend", config.backend, "--jobs", str(config.jobs), "--executor", config.executor]
    arguments = [
        sys.executable,
        "-P",
        "-X",
        "utf8",
        "-m",
        "jupyter_pipeline.engine.service",
        str(config.root),
        "--state",
        str(config.state),
    ]
    with (config.folder / LOG).open("ab") as log:
        # Through a shell that ends at once: the engine is then nobody's child, and nobody has to wait for it.
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *arguments, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=os.environ | {ENV_CACHE: str(config.cache)},
            start_new_session=True,
            check=True,
        )


def serve(config: Config) -> None:
    """Be the engine of this workspace until there is nothing to do. Raises PipelineError."""
    lease = Lease(config)
    deadline = time.monotonic() + PATIENCE
    while not lease.take():
        if time.monotonic() > deadline:
            return
        time.sleep(TURN)
    while True:
        store = Store.open(config.folder)
        store.check_integrity()
        Engine(config, store, choosing.of_project(config, config.folder / JOBS)).run()
        lease.give_back()
        # Somebody may have asked between our last look and giving the lease back, and seen it held.
        waiting = bool(store.active())
        store.close()
        if not waiting or not lease.take():
            return


def main() -> None:
    """``python -m jupyter_pipeline.engine.service FOLDER``: the engine as a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_pipeline.engine.service", description="Run waiting jobs.")
    parser.add_argument("project", type=Path)
    for name in ("--state", "--backend", "--executor"):
        parser.add_argument(name)
    parser.add_argument("--jobs", type=int)
    given = vars(parser.parse_args())
    gc.set_threshold(100_000)  # what an engine makes it keeps
    try:
        serve(configuration.load(given.pop("project"), **given))
    except PipelineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
