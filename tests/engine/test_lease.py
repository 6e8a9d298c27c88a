from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_pipeline import config
from jupyter_pipeline.config import Config
from jupyter_pipeline.engine.lease import LOCK, Lease


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config.load(tmp_path, state=tmp_path / "state")


HOLDER = """
import sys, time
from pathlib import Path
from jupyter_pipeline import config
from jupyter_pipeline.engine.lease import Lease
root = Path(sys.argv[1])
lease = Lease(config.load(root, state=root / "state"))
print(lease.take(), flush=True)
sys.stdin.read()
"""


def other_engine(settings: Config) -> tuple[subprocess.Popen[str], bool]:
    """Another process that takes the lease, if it can, and keeps it while its input is open."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, settings.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline() == "True\n"


def end(process: subprocess.Popen[str], how: int = signal.SIGKILL) -> None:
    process.send_signal(how)
    process.communicate()


def test_one_at_a_time(settings: Config) -> None:
    first, second = Lease(settings), Lease(settings)
    assert first.take()
    assert not second.take()
    first.give_back()
    assert second.take()
    assert not first.take()
    second.give_back()


def test_another_process_cannot_take_it_until_it_is_given_back(settings: Config) -> None:
    lease = Lease(settings)
    assert lease.take()
    process, taken = other_engine(settings)
    end(process)
    assert not taken
    lease.give_back()
    process, taken = other_engine(settings)
    try:
        assert taken
        assert not lease.take()
        assert lease.holder() == process.pid
    finally:
        end(process)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_process_holds_nothing(settings: Config, how: int) -> None:
    process, taken = other_engine(settings)
    assert taken
    end(process, how)
    lease = Lease(settings)
    assert lease.holder() is None
    assert lease.take()
    assert lease.holder() == os.getpid()
    lease.give_back()
    assert lease.holder() is None


def test_giving_back_may_be_repeated(settings: Config) -> None:
    lease = Lease(settings)
    lease.give_back()
    assert lease.take()
    lease.give_back()
    lease.give_back()
    assert lease.take()
    lease.give_back()


def test_asking_makes_nothing(settings: Config) -> None:
    assert Lease(settings).holder() is None
    assert not settings.folder.exists()


@pytest.mark.parametrize("text", [b"", b"\xff\n", b"nonsense\n", b"12345678901234567890\n"])
def test_a_damaged_file_is_no_obstacle(settings: Config, text: bytes) -> None:
    settings.folder.mkdir(parents=True)
    (settings.folder / LOCK).write_bytes(text)
    lease = Lease(settings)
    assert lease.holder() is None
    assert lease.take()
    assert lease.holder() == os.getpid()
    lease.give_back()


def test_children_do_not_inherit_it(settings: Config) -> None:
    lease = Lease(settings)
    assert lease.take()
    child = subprocess.Popen(["sleep", "1000"], close_fds=False)
    try:
        lease.give_back()
        assert lease.take()
        lease.give_back()
    finally:
        child.kill()
        child.wait()


def test_asking_who_holds_it_does_not_keep_anybody_from_taking_it(settings: Config) -> None:
    """Surfaces ask often; an engine that starts at that moment must not think that another one runs."""
    lease, stop = Lease(settings), threading.Event()
    assert lease.take()
    lease.give_back()

    def ask() -> None:
        other = Lease(settings)
        while not stop.is_set():
            other.holder()

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(300):
            assert lease.take()
            lease.give_back()
    finally:
        stop.set()
        for asker in askers:
            asker.join()
