"""The shim in a process of its own, with a short patience: what takes long otherwise, and what goes wrong inside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.executors import Task, shim, watch
from jupyter_pipeline.executors.local import LocalExecutor
from jupyter_pipeline.models import Ending, Phase, Result
from tests.helpers.fakes import PYTHON, Bench, Machine, log, machines, until

machine = machines("sandbox", "process")


@pytest.fixture
def real(machine: Machine, tmp_path: Path) -> Iterator[Bench]:
    yield from machine.bench(tmp_path)


def order_of(executor: LocalExecutor, task: Task, **changes: Any) -> dict[str, Any]:
    return executor.whole_order(task) | changes


def supervised(order: dict[str, Any], before: Callable[[], None] = lambda: None) -> int:
    """Run `shim.supervise` in a process of its own, with a short patience; its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        watch.GRACE = 0.3
        before()
        shim.supervise(order)
        code = 0
    finally:
        os._exit(code)


def result_of(executor: LocalExecutor, task: Task) -> Result:
    result = executor.poll(task.folder).result
    assert result is not None, log(task)
    return result


STUBBORN = """trap '' TERM; : > "$HOME/up"; while :; do sleep 0.05; done"""


def test_a_command_that_does_not_stop_is_ended_after_a_while(real: Bench) -> None:
    executor = real.executor()
    assert isinstance(executor, LocalExecutor)
    task = real.shell(STUBBORN)
    child = supervised(order_of(executor, task))
    until((task.folder / "tmp" / "up").exists)
    executor.stop(task.folder)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    result = result_of(executor, task)
    assert result.ending is Ending.STOPPED
    assert result.elapsed >= 0.3
    assert result.exit_code == 137


def test_a_command_that_does_not_stop_at_its_time_limit_is_ended_after_a_while(real: Bench) -> None:
    executor = real.executor()
    assert isinstance(executor, LocalExecutor)
    task = real.shell(STUBBORN)
    os.waitpid(supervised(order_of(executor, task, timeout=0.1)), 0)
    assert result_of(executor, task).ending is Ending.TIMEOUT


def test_a_task_that_was_to_stop_before_it_began_is_stopped(real: Bench) -> None:
    executor = real.executor()
    assert isinstance(executor, LocalExecutor)
    task = real.shell("sleep 1000")
    executor.stop(task.folder)
    os.waitpid(supervised(order_of(executor, task)), 0)
    assert result_of(executor, task).ending is Ending.STOPPED


def test_what_breaks_while_looking_at_the_files_leaves_a_record(real: Bench) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no idea")

    executor = real.executor()
    assert isinstance(executor, LocalExecutor)
    task = real.shell("true")
    os.waitpid(supervised(order_of(executor, task), lambda: setattr(shim, "inventory", broken)), 0)
    result = result_of(executor, task)
    assert result.ending is Ending.BROKEN
    assert "no idea" in result.message


def test_a_command_that_cannot_be_started_at_all_is_broken(real: Bench) -> None:
    executor = real.executor()
    assert isinstance(executor, LocalExecutor)
    task, missing = real.shell("true"), str(real.folder / "missing")
    os.waitpid(supervised(order_of(executor, task, cwd=missing)), 0)
    result = result_of(executor, task)
    assert result.ending is Ending.BROKEN
    assert missing in result.message


def test_a_damaged_table_does_not_harm_the_record(real: Bench) -> None:
    """Compressed data with wrong bytes is no error of the operating system."""
    import gzip

    data = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    data[20] ^= 0xFF
    data[25] ^= 0x55
    from jupyter_pipeline.models import Level, OutputPattern

    outputs = (OutputPattern(Level.HIGHLY, "table", "a.csv.gz"),)
    task = real.task("cp", "code.bin", "a.csv.gz", outputs=outputs)
    (task.code / "code.bin").write_bytes(data)
    result = real.run(task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert [(file.path, file.rows) for file in result.files] == [("a.csv.gz", None)]


def test_names_that_are_not_unicode_can_be_written_down(real: Bench) -> None:
    text = "import os; os.mkdir('output'); open(b'output/\\xff.csv', 'w').close(); open(b'\\xfe', 'w').close()"
    task = real.task("python3", "-c", text, runtime=PYTHON)
    result = real.run(task)
    assert result.exit_code == 0, log(task)
    assert len(result.refused) == 1
    for words in (*result.refused, *result.unclaimed, *result.unmatched):
        words.encode()


@pytest.mark.parametrize("rows", [0, 3])
def test_the_record_is_whole_json_with_the_facts_of_each_file(real: Bench, rows: int) -> None:
    task = real.shell(f"mkdir output; (echo x,y; seq {rows} | sed 's/$/,1/') > output/a.csv")
    result = real.run(task)
    record = json.loads((task.folder / "result.json").read_bytes())
    assert record["exit_code"] == 0
    file = result.files[0]
    place: Path = real.default.written(task.folder) / file.path
    status = place.stat()
    assert (file.rows, file.columns) == (rows, 2)
    assert (file.size, file.mtime_ns, file.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)
    assert real.default.poll(task.folder).phase is Phase.ENDED
