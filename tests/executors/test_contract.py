"""What every executor promises, held against the real ones and the fake; and against the real ones with faults."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_pipeline.errors import ExecutorUnavailable
from jupyter_pipeline.executors import Executor, Task, choosing
from jupyter_pipeline.models import Ending, Level, Limits, OutputPattern, Phase, Runtime, TaskStatus
from jupyter_pipeline.outputs import log as joblog
from jupyter_pipeline.outputs.job_folder import remove_tree
from tests.helpers import proctools
from tests.helpers.fakes import (
    DEADLINE,
    FOREVER,
    PYTHON,
    SHELL,
    Bench,
    Machine,
    Play,
    log,
    look,
    machines,
    shim_of,
    until,
)
from tests.helpers.support import require, require_root
from tests.helpers.users import as_ordinary_user, give_to_ordinary_user

every = machines("sandbox", "process", "docker", "fake")
machine = machines("sandbox", "process", "docker")
here = machines("sandbox", "process")


@pytest.fixture
def bench(every: Machine, tmp_path: Path) -> Iterator[Bench]:
    """A bench with every executor."""
    yield from every.bench(tmp_path)


@pytest.fixture
def real(machine: Machine, tmp_path: Path) -> Iterator[Bench]:
    """A bench with those that run real commands."""
    yield from machine.bench(tmp_path)


@pytest.fixture
def local(here: Machine, tmp_path: Path) -> Iterator[Bench]:
    """A bench with those whose commands are processes below the shim; containers outlive it (test_docker.py)."""
    yield from here.bench(tmp_path)


TABLE = {"output/a.csv": "x,y\n1,2\n"}
LASTING = Play(lasts=FOREVER)


def is_up(task: Task) -> bool:
    return (task.folder / "tmp" / "up").exists()


# -- the four verbs --------------------------------------------------------------------------------


def test_a_task_goes_from_unknown_to_running_to_ended(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=Play(lasts=FOREVER, writes=TABLE, says="hello"))
    assert executor.poll(task.folder) == TaskStatus(Phase.UNKNOWN)
    executor.start(task)
    until(lambda: look(executor, task, Phase.RUNNING))
    bench.release(task)
    result = bench.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert [(file.path, file.level, file.rows, file.columns) for file in result.files] == [
        ("output/a.csv", "moderately_sensitive", 1, 2)
    ]
    assert (executor.written(task.folder) / "output/a.csv").read_text() == TABLE["output/a.csv"]
    assert (result.unmatched, result.unclaimed, result.refused) == ((), (), ())
    assert result.started_at.endswith("Z")
    assert result.started_at <= result.completed_at
    assert result.elapsed >= 0
    assert log(task) == "hello"


def test_a_folder_that_is_not_there_is_unknown(bench: Bench) -> None:
    executor = bench.executor()
    assert executor.poll(bench.folder / "nowhere") == TaskStatus(Phase.UNKNOWN)
    executor.stop(bench.folder / "nowhere")
    executor.cleanup(bench.folder / "nowhere")


def test_a_task_starts_once_however_often_and_by_whomever_it_is_started(bench: Bench) -> None:
    one, other = bench.executor(), bench.executor()
    tasks = [bench.task(play=Play(says="ran\n")) for _ in range(5)]
    for task in tasks:
        for executor in (one, other, one):
            executor.start(task)
    for executor in (one, other):
        waiting = {task.id for task in tasks}
        while waiting:  # both have looked at all of them
            waiting -= set(executor.wait(DEADLINE))
    for task in tasks:
        bench.ended(one, task)
        one.start(task)
        bench.ended(other, task)
        assert log(task) == "ran\n"


def test_an_ended_task_is_not_run_again_after_its_cleanup(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=Play(says="ran\n"))
    executor.start(task)
    before = bench.ended(executor, task)
    executor.cleanup(task.folder)
    executor.start(task)
    executor.wait(1.0)
    assert executor.poll(task.folder) == TaskStatus(Phase.ENDED, before)
    assert log(task) == "ran\n"


def test_another_executor_finds_a_running_task_and_its_end(bench: Bench) -> None:
    first, task = bench.executor(), bench.task(play=LASTING)
    first.start(task)
    until(lambda: look(first, task, Phase.RUNNING))
    first.close()
    second = bench.executor()
    assert second.poll(task.folder).phase is Phase.RUNNING
    second.start(task)
    bench.release(task)
    assert bench.ended(second, task).exit_code == 0
    assert first.poll(task.folder) == second.poll(task.folder)


@pytest.mark.parametrize("code", [0, 1, 3, 126, 127, 200, 255])
def test_an_exit_code_is_what_the_command_gave(bench: Bench, code: int) -> None:
    executor, task = bench.executor(), bench.task(play=Play(exit_code=code, writes=TABLE))
    executor.start(task)
    result = bench.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, code)
    assert bool(result.files) == (code == 0)


def test_patterns_without_a_file_and_files_without_a_pattern_are_told(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=Play(writes={"output/b.txt": "1", "results.csv": "2"}))
    executor.start(task)
    result = bench.ended(executor, task)
    assert result.unmatched == ("output/*.csv",)
    assert set(result.unclaimed) == {"output/b.txt", "results.csv"}


def test_stopping_ends_a_task_and_may_be_repeated(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    executor.start(task)
    if bench.kind != "fake":
        until(lambda: is_up(task))
    executor.stop(task.folder)
    executor.stop(task.folder)
    result = bench.ended(executor, task)
    assert result.ending is Ending.STOPPED
    assert not result.files
    executor.stop(task.folder)
    assert executor.poll(task.folder) == TaskStatus(Phase.ENDED, result)


def test_stopping_what_has_ended_changes_nothing(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=Play(writes=TABLE))
    executor.start(task)
    result = bench.ended(executor, task)
    executor.stop(task.folder)
    assert executor.poll(task.folder) == TaskStatus(Phase.ENDED, result)


def test_cleaning_up_leaves_the_log_and_the_result_and_if_wanted_what_was_written(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=Play(says="hello", writes=TABLE))
    executor.start(task)
    result = bench.ended(executor, task)
    executor.cleanup(task.folder, keep_written=True)
    assert (executor.written(task.folder) / "output/a.csv").exists()
    assert not (task.folder / "inputs").exists()
    for _ in range(2):
        executor.cleanup(task.folder)
        assert not executor.written(task.folder).exists()
    assert log(task) == "hello"
    assert executor.poll(task.folder) == TaskStatus(Phase.ENDED, result)


def test_waiting_tells_which_tasks_have_ended(bench: Bench) -> None:
    executor, long, short = bench.executor(), bench.task(play=LASTING), bench.task(play=Play())
    executor.start(long)
    executor.start(short)
    assert until(lambda: executor.wait(1.0)) == [short.id]
    assert executor.poll(short.folder).phase is Phase.ENDED
    assert executor.poll(long.folder).phase is Phase.RUNNING
    bench.release(long)
    assert until(lambda: executor.wait(1.0)) == [long.id]


def test_waiting_with_nothing_to_wait_for_comes_back(bench: Bench) -> None:
    executor = bench.executor()
    assert not executor.wait(0.01)
    executor.close()
    executor.close()


# -- records that are damaged ----------------------------------------------------------------------


def is_success(status: TaskStatus) -> bool:
    result = status.result
    return (
        result is not None
        and result.ending is Ending.EXIT
        and result.exit_code == 0
        and not (result.unmatched or result.refused)
    )


def test_a_damaged_result_is_never_a_success(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=Play())
    executor.start(task)
    bench.ended(executor, task)
    record = (task.folder / "result.json").read_bytes()
    for end in range(len(record)):
        (task.folder / "result.json").write_bytes(record[:end])
        assert not is_success(executor.poll(task.folder))
    whole = json.loads(record)
    whole["unmatched"] = []
    (task.folder / "result.json").write_text(json.dumps(whole))
    assert is_success(executor.poll(task.folder))
    damaged: list[Any] = [{key: whole[key] for key in whole if key != gone} for gone in whole if gone != "message"]
    damaged += [[], None, 5, "ended", {}, whole | {"files": None}, whole | {"files": [["a"]]}]
    damaged += [whole | {"ending": "fine"}, whole | {"exit_code": None}, whole | {"more": 1}]
    optional = {"cpu_time", "peak_memory", "unclaimed", "refused"}
    for one in damaged:
        if isinstance(one, dict) and one and whole.keys() - one.keys() and whole.keys() - one.keys() <= optional:
            continue
        (task.folder / "result.json").write_text(json.dumps(one))
        assert not is_success(executor.poll(task.folder)), one
    for data in (b"\xff\xfe", b"\0" * 400, b'{"files": [' * 50):
        (task.folder / "result.json").write_bytes(data)
        assert not is_success(executor.poll(task.folder)), data


@pytest.mark.parametrize("data", [b"{", b"\xff", b"\0\0", b'{"pid": 1, "create_time": 0}', b"[]"])
def test_a_damaged_claim_is_neither_a_success_nor_a_reason_to_run_again(bench: Bench, data: bytes) -> None:
    executor, task = bench.executor(), bench.task(play=Play(says="ran"))
    (task.folder / "started").write_bytes(data)
    assert executor.poll(task.folder) == TaskStatus(Phase.LOST)
    executor.start(task)
    executor.wait(1.0)
    assert executor.poll(task.folder) == TaskStatus(Phase.LOST)
    assert log(task) == ""


def test_a_half_written_record_is_not_looked_at(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    executor.start(task)
    until(lambda: look(executor, task, Phase.RUNNING))
    (task.folder / "result.json.part").write_text('{"ending": "exit", "exit_code": 0')
    assert executor.poll(task.folder).phase is Phase.RUNNING


# -- how commands end ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT"])
def test_a_command_that_dies_of_a_signal_says_which(real: Bench, name: str) -> None:
    number = getattr(signal, name)
    result = real.run(real.shell(f"kill -{int(number)} $$; sleep 60"))
    assert (result.ending, result.exit_code) == (Ending.SIGNAL, 128 + number)


def test_an_exit_code_like_that_of_a_signal_is_no_success(real: Bench) -> None:
    """A shell gives 137 for a child that was killed, so the two cannot be told apart."""
    result = real.run(real.shell("exit 137"))
    assert result.ending in (Ending.EXIT, Ending.SIGNAL)
    assert result.exit_code == 137


def test_a_program_that_is_not_there_is_the_commands_fault_and_named(real: Bench) -> None:
    result = real.run(real.task("/usr/bin/no-such-program", "x"))
    assert result.ending is Ending.EXIT
    assert result.exit_code
    assert "/usr/bin/no-such-program" in result.message


def test_a_log_that_looks_like_a_failing_sandbox_is_still_the_commands(real: Bench) -> None:
    result = real.run(real.shell("echo 'bwrap: no'; exit 3"))
    assert (result.ending, result.exit_code) == (Ending.EXIT, 3)


def test_a_command_is_ended_at_its_time_limit(real: Bench) -> None:
    result = real.run(real.shell("sleep 100 & sleep 100", limits=Limits(timeout=0.2)))
    assert result.ending is Ending.TIMEOUT
    assert "0.2 seconds" in result.message
    assert 0.2 <= result.elapsed < 100


def test_a_command_that_exits_well_after_its_time_limit_has_still_timed_out(real: Bench) -> None:
    text = "trap 'mkdir output; echo 1 > output/a.csv; exit 0' TERM; while :; do sleep 0.02; done"
    result = real.run(real.shell(text, limits=Limits(timeout=0.3)))
    assert (result.ending, result.files) == (Ending.TIMEOUT, ())


def test_a_command_is_ended_at_its_memory_limit(real: Bench) -> None:
    text = "import time\nheld = []\nwhile True:\n    held.append(b'x' * 10_000_000); time.sleep(0.005)"
    result = real.run(real.python(text, limits=Limits(memory=150_000_000)))
    assert result.ending is Ending.MEMORY
    assert result.peak_memory > 150_000_000
    assert "0.14 GB" in result.message


def test_memory_is_that_of_all_processes_together(real: Bench) -> None:
    text = (
        "import os, time\nfor _ in range(2): os.fork()\n"
        "held = bytearray(os.urandom(1)) * 60_000_000\nwhile True: time.sleep(1)"
    )
    result = real.run(real.python(text, limits=Limits(memory=160_000_000)))
    assert result.ending is Ending.MEMORY


def test_use_of_time_and_memory_is_recorded(real: Bench) -> None:
    text = "import time\nheld = b'x' * 120_000_000\nwhile time.process_time() < 0.2: pass"
    result = real.run(real.python(text))
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert result.peak_memory >= 120_000_000
    assert result.cpu_time >= 0.2


def test_a_command_is_asked_politely_to_stop(real: Bench) -> None:
    executor = real.executor()
    task = real.shell(
        """trap 'echo tidied > "$HOME/tidied"; exit 0' TERM; : > "$HOME/up"; while :; do sleep 0.02; done"""
    )
    executor.start(task)
    until(lambda: is_up(task))
    executor.stop(task.folder)
    assert real.ended(executor, task).ending is Ending.STOPPED
    assert (task.folder / "tmp" / "tidied").read_text() == "tidied\n"


def test_nothing_of_a_command_that_detached_itself_is_left(real: Bench) -> None:
    """Double fork, a session of its own, no standard files, deaf to signals that can be ignored."""
    text = (
        "import os, signal, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)\n"
        "    os.fork()\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "    open(os.environ['HOME'] + f'/{os.getpid()}', 'w').close()\n"
        "    time.sleep(1000)\n"
        "while len(os.listdir(os.environ['HOME'])) < 3: time.sleep(0.01)\n"
        "print(sys.argv[1])"
    )
    marker = f"marker-{os.getpid()}-{real.kind}"
    result = real.run(real.task("python3", "-c", text, marker, runtime=PYTHON))
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert not proctools.with_word(marker)


# -- what is killed from outside -------------------------------------------------------------------


def launchers() -> list[psutil.Process]:
    return [child for child in proctools.children() if "executors.launcher" in proctools.command(child)]


def test_a_task_outlives_the_process_that_started_it(real: Bench) -> None:
    executor, task = real.executor(), real.task(play=Play(lasts=FOREVER, writes=TABLE))
    executor.start(task)
    until(lambda: is_up(task))
    proctools.kill(launchers())
    assert not until(lambda: [executor.wait(DEADLINE)])[0]
    assert executor.poll(task.folder).phase is Phase.RUNNING
    real.release(task)
    result = real.ended(executor, task)
    assert result.exit_code == 0
    assert len(result.files) == 1
    assert real.run(real.shell("exit 4")).exit_code == 4, "tasks can be started after that"


def test_a_process_of_its_own_finds_what_another_started(real: Bench) -> None:
    executor, task = real.executor(), real.task(play=LASTING)
    executor.start(task)
    until(lambda: is_up(task))
    kind = type(executor)
    program = (
        f"from pathlib import Path; from {kind.__module__} import {kind.__name__} as Kind\n"
        f"status = Kind(Path({str(real.folder)!r})).poll(Path({str(task.folder)!r}))\n"
        "print(status.phase, status.result and status.result.exit_code)"
    )

    def other() -> str:
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert other() == "running None\n"
    real.release(task)
    real.ended(executor, task)
    assert other() == "ended 0\n"


@pytest.mark.parametrize(
    "args", [("sleep", "1000"), ("sh", "-c", "sleep 1000; true"), ("sh", "-c", "sleep 1000 & wait")]
)
def test_a_command_whose_watcher_is_killed_is_lost_and_does_not_go_on(local: Bench, args: tuple[str, ...]) -> None:
    executor, task = local.executor(), local.task(*args)
    executor.start(task)
    shim = until(lambda: shim_of(task.folder), "the shim")
    processes = until(lambda: started(shim), "the command")
    proctools.kill([shim])
    until(lambda: look(executor, task, Phase.LOST), "its loss")
    try:
        until(lambda: not any(map(proctools.is_alive, processes)), "the end of its processes")
    finally:
        proctools.kill(processes)
    executor.start(task)
    executor.wait(1.0)
    assert executor.poll(task.folder) == TaskStatus(Phase.LOST)


def started(shim: psutil.Process) -> list[psutil.Process]:
    """The processes below a shim once its `sleep` runs."""
    found = proctools.children(shim, recursive=True)
    return found if any(proctools.name(process) == "sleep" for process in found) else []


def test_a_command_whose_process_group_is_killed_has_a_result(local: Bench) -> None:
    executor, task = local.executor(), local.shell("sleep 1000; true")
    executor.start(task)
    shim = until(lambda: shim_of(task.folder), "the shim")
    until(lambda: started(shim), "the command")
    os.killpg(shim.children()[0].pid, signal.SIGKILL)
    result = local.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.SIGNAL, 137)


# -- logs and files in number ----------------------------------------------------------------------

MB = 1024**2


def on_disk(file: Path) -> int:
    try:
        return file.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def test_a_flood_of_words_keeps_its_beginning_and_its_end(real: Bench) -> None:
    text = (
        'echo THE BEGINNING; yes | head -c 30000000; : > "$HOME/up"; '
        'until [ -e "$HOME/go" ]; do sleep 0.02; done; echo THE END'
    )
    executor, task = real.executor(), real.shell(text, limits=Limits(log=MB))
    executor.start(task)
    until(lambda: is_up(task) and on_disk(task.folder / "log") <= MB + 64 * 1024, "a log within its bound")
    real.release(task)
    real.ended(executor, task)
    words = b"".join(joblog.chunks(task.folder / "log"))
    assert words.startswith(b"THE BEGINNING\ny\n")
    assert words.endswith(b"y\nTHE END\n")
    assert words.count(b"left out here") == 1
    assert joblog.tail(task.folder / "log", 2) == "y\nTHE END"


def test_a_flood_of_words_just_before_the_end_is_kept_within_its_bound_too(real: Bench) -> None:
    task = real.shell("echo THE BEGINNING; yes | head -c 60000000; echo THE END", limits=Limits(log=MB))
    real.run(task)
    assert on_disk(task.folder / "log") <= MB + 64 * 1024
    words = b"".join(joblog.chunks(task.folder / "log"))
    assert words.startswith(b"THE BEGINNING\ny\n")
    assert words.endswith(b"y\nTHE END\n")


def test_ten_thousand_files_are_all_found(real: Bench) -> None:
    text = 'mkdir output; i=0; while [ $i -lt 10000 ]; do echo $i > "output/$i.csv"; i=$((i+1)); done'
    result = real.run(real.shell(text))
    assert len({file.path for file in result.files}) == 10_000


# -- what a command is given -----------------------------------------------------------------------


def test_there_is_nothing_to_read_from(real: Bench) -> None:
    task = real.shell("cat; echo read all")
    assert real.run(task).exit_code == 0
    assert log(task) == "read all\n"


def test_a_command_has_nothing_of_the_callers_environment(real: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "xyzzy-plugh")
    real.executor()
    runtime = Runtime("sh:v1", "test", "sh", (), environment={"OF_THE_RUNTIME": "1"})
    task = real.shell("env; tr '\\0' '\\n' < /proc/self/environ", runtime=runtime, environment={"OF_THE_TASK": "2"})
    real.run(task)
    assert "SECRET_OF_THE_CALLER" not in log(task)
    assert "xyzzy-plugh" not in log(task)
    names = {line.partition("=")[0] for line in log(task).splitlines()}
    assert {"PATH", "HOME", "OF_THE_RUNTIME", "OF_THE_TASK"} <= names
    assert names <= {
        "PATH",
        "HOME",
        "LANG",
        "TZ",
        "TMPDIR",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "OF_THE_RUNTIME",
        "OF_THE_TASK",
        *(["HOSTNAME"] if real.kind == "docker" else []),
    }


def test_home_can_be_written_to_and_is_the_tasks_own(real: Bench) -> None:
    first, second = real.shell('echo 1 > "$HOME/mine"; ls "$HOME"'), real.shell('ls "$HOME"')
    real.run(first)
    real.run(second)
    assert (log(first), log(second)) == ("mine\n", "")


def with_files(task: Task) -> Task:
    """A task with code and an input."""
    (task.code / "analysis").mkdir()
    (task.code / "analysis" / "say.sh").write_text('echo "code says $*"; cat output/in.csv\n')
    (task.inputs / "output").mkdir()
    (task.inputs / "output" / "in.csv").write_text("input\n")
    return task


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sh", "analysis/say.sh", "1"), "code says 1\ninput\n"),
        (("analysis/say.sh", "2"), "code says 2\ninput\n"),
        (("sh", "/workspace/analysis/say.sh", "3"), "code says 3\ninput\n"),
        (("/workspace/analysis/say.sh", "4"), "code says 4\ninput\n"),
        (("/bin/sh", "analysis/say.sh", "5"), "code says 5\ninput\n"),
        (("-c", "echo from its own program"), "from its own program\n"),
        (("sh", "-c", "cat /workspace/output/in.csv"), "input\n"),
        (("sh", "-c", "cd / && cd /workspace && cat output/in.csv"), "input\n"),
        (("sh", "-c", "cd / && cat '/workspace'/output/in.csv; cd '/workspace'; cat output/in.csv"), "input\ninput\n"),
        (("sh", "-c", "echo a/workspace/b /workspaces /workspace-2"), "a/workspace/b /workspaces /workspace-2\n"),
    ],
)
def test_the_words_of_a_command(real: Bench, args: tuple[str, ...], said: str) -> None:
    task = with_files(real.task(*args))
    result = real.run(task)
    assert (log(task), result.exit_code) == (said, 0)


def test_the_words_of_a_command_do_not_depend_on_where_we_are(
    real: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script of the project may be executable in the folder of whoever runs the engine."""
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "say.sh").write_text("#!/bin/sh\n")
    (tmp_path / "analysis" / "say.sh").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    task = with_files(real.task("analysis/say.sh"))
    result = real.run(task)
    assert (log(task), result.exit_code) == ("code says \ninput\n", 0)


def test_inputs_may_be_in_any_folder(real: Bench, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "in.csv").write_text("input\n")
    task = real.shell("cat in.csv", inputs=tmp_path / "elsewhere")
    real.run(task)
    assert log(task) == "input\n"


def test_what_is_only_rewritten_or_touched_counts_as_written_and_what_is_only_read_does_not(real: Bench) -> None:
    task = real.shell(
        "echo more >> output/appended.csv; touch output/touched.csv; cat output/read.csv; rm output/gone.csv"
    )
    (task.inputs / "output").mkdir()
    for name in ("appended", "touched", "read", "gone"):
        (task.inputs / "output" / f"{name}.csv").write_text("1\n")
    assert [file.path for file in real.run(task).files] == ["output/appended.csv", "output/touched.csv"]


def test_the_strictest_level_holds(real: Bench) -> None:
    outputs = (
        OutputPattern(Level.MODERATELY, "all", "output/*"),
        OutputPattern(Level.HIGHLY, "tables", "output/*.csv"),
    )
    result = real.run(real.shell("mkdir output; echo 1 > output/a.csv; echo 1 > output/a.txt", outputs=outputs))
    assert {file.path: file.level for file in result.files} == {
        "output/a.csv": "highly_sensitive",
        "output/a.txt": "moderately_sensitive",
    }


def test_files_of_odd_kinds_are_refused_and_odd_names_are_not(real: Bench) -> None:
    outputs = (OutputPattern(Level.MODERATELY, "all", "output/*"),)
    text = (
        "mkdir output; mkfifo output/fifo; ln -s /etc/passwd output/passwd; ln -s nowhere output/dangling; "
        "echo 1 > 'output/a b.csv'; echo 1 > output/größe.csv; echo 1 > 'output/x\ny.csv'; "
        "ln -s größe.csv output/link.csv"
    )
    result = real.run(real.shell(text, outputs=outputs))
    names = {"output/a b.csv", "output/größe.csv", "output/x\ny.csv", "output/link.csv"}
    assert {file.path for file in result.files} == names
    assert len(result.refused) == 3


def test_links_that_name_the_workspace_are_followed(real: Bench) -> None:
    task = real.shell("mkdir output; echo 1 > made.csv; ln -s /workspace/made.csv output/a.csv")
    if real.kind == "process":
        text = "mkdir output; echo 1 > made.csv; ln -s ../made.csv output/a.csv"
        task = real.shell(text)
    result = real.run(task)
    assert [file.path for file in result.files] == ["output/a.csv"]
    assert not (real.default.written(task.folder) / "output/a.csv").is_symlink()


def test_a_link_to_what_the_job_did_not_write_is_refused(real: Bench) -> None:
    """Otherwise an input could be published again under another level."""
    task = with_files(real.shell("mkdir -p output; ln -s in.csv output/a.csv"))
    result = real.run(task)
    assert [file.path for file in result.files if file.path == "output/a.csv"] == []
    assert len(result.refused) == 1


# -- places ----------------------------------------------------------------------------------------

ODD = [
    "with space",
    "co:lon",
    "com,ma",
    "grüße→",
    "back\\slash",
    "quo'te\"s",
    "new\nline",
    "$(dollar) `tick`",
    "-dash",
    "%s{}",
    "=equals",
    "trailing\\",
    "a" * 200,
    os.fsdecode(b"by\xfftes"),
]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_a_project_may_be_in_an_odd_folder(real: Bench, name: str) -> None:
    real.folder = real.folder / name / "jobs"
    real.folder.mkdir(parents=True)
    text = "cat output/in.csv; sh analysis/say.sh > output/out.csv; rm analysis/say.sh"
    task = with_files(real.shell(text))
    result = real.run(task)
    assert (log(task), result.exit_code, result.message) == ("input\n", 0, "")
    assert [file.path for file in result.files] == ["output/out.csv"]
    assert (task.code / "analysis" / "say.sh").exists()
    real.default.cleanup(task.folder)
    assert {path.name for path in task.folder.iterdir()} <= {"code", "log", "result.json", "started", "stop"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, check=False)
    require(done.returncode == 0, "the right to mount a small disk", left_for="root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


FILL = (
    "mkdir output; dd if=/dev/zero of=output/a.csv bs=64k 2> /dev/null; dd if=/dev/zero of=output/b bs=1 2> /dev/null; "
)


@pytest.mark.parametrize(
    "text",
    [
        "echo 1; exit 0",
        "exit 3",
        "i=0; while [ $i -lt 400 ]; do : > output/$i.csv; i=$((i+1)); done; exit 0",
        "i=0; while [ $i -lt 400 ]; do ln -s /etc/passwd output/$i.csv; i=$((i+1)); done; exit 0",
    ],
)
def test_a_full_disk_does_not_hide_how_a_task_ended(real: Bench, small_disk: Path, text: str) -> None:
    real.folder = small_disk / "jobs"
    real.folder.mkdir()
    make = "mkdir -p output; " + text if "ln" in text or ": >" in text else text
    task = real.shell(make.replace("; exit", f"; {FILL.replace('mkdir', 'mkdir -p')} exit"))
    executor = real.executor()
    executor.start(task)
    result = real.ended(executor, task)
    assert result.exit_code is None or result.exit_code == int(text[-1])
    assert result.ending is Ending.EXIT or (result.ending is Ending.BROKEN and "None" not in result.message)
    executor.close()


def test_a_disk_that_is_too_small_for_the_workspace_is_said(small_disk: Path) -> None:
    bench = Bench("process", small_disk / "jobs")
    bench.folder.mkdir()
    task = bench.shell("true")
    with (task.code / "big").open("wb") as file:
        file.write(bytes(3 * MB))
    (task.inputs / "big2").write_bytes(bytes(2 * MB))
    result = bench.run(task)
    assert result.ending is Ending.BROKEN
    assert "No space left" in result.message
    bench.close()


# -- tidying up ------------------------------------------------------------------------------------


def test_folders_that_a_job_made_read_only_are_removed(real: Bench) -> None:
    text = (
        'mkdir -p a/b/c "$HOME/d/e"; touch a/b/c/f "$HOME/d/e/f"; chmod 0 a/b/c a/b "$HOME/d/e"; chmod 500 a "$HOME/d"'
    )
    task = real.shell(text)
    real.run(task)
    real.default.cleanup(task.folder)
    assert {path.name for path in task.folder.iterdir()} == {"code", "log", "result.json", "started"}


def test_folders_without_permissions_are_removed_by_an_ordinary_user(tmp_path: Path) -> None:
    mine, outside = tmp_path / "mine", tmp_path / "outside"
    for folder in (mine, outside):
        folder.mkdir()
        give_to_ordinary_user(folder)

    def work() -> None:
        (outside / "file").touch(0o640)
        (outside / "folder").mkdir(0o750)
        deep = mine.joinpath("tree", *"abcdefgh")
        deep.mkdir(parents=True)
        (deep / "file").touch()
        (deep / "link").symlink_to(outside / "file")
        (deep / "folder").symlink_to(outside / "folder")
        for place in (deep, *deep.parents[:8]):
            place.chmod(0o500 if place == deep else 0)
        remove_tree(mine / "tree")

    assert as_ordinary_user(work) == 0
    assert not (mine / "tree").exists()
    assert ((outside / "file").stat().st_mode & 0o777, (outside / "folder").stat().st_mode & 0o777) == (0o640, 0o750)


def test_what_an_overlay_that_root_mounted_leaves_is_removed_by_an_ordinary_user(tmp_path: Path) -> None:
    require_root("to mount")
    work = tmp_path / "work"
    work.mkdir()
    give_to_ordinary_user(work)
    (work / "work").mkdir(mode=0)
    give_to_ordinary_user(tmp_path)

    assert as_ordinary_user(lambda: remove_tree(work)) == 0
    assert not work.exists()


def test_removing_what_is_not_there_is_fine(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")


# -- choosing one ----------------------------------------------------------------------------------


def test_executors_are_got_by_name(tmp_path: Path) -> None:
    assert choosing.get("process", tmp_path).name == "process"
    assert choosing.get("auto", tmp_path).name in ("sandbox", "process")
    with pytest.raises(ExecutorUnavailable, match="no executor 'cloud'"):
        choosing.get("cloud", tmp_path)


def test_what_is_missing_is_said(bench: Bench) -> None:
    executor: Executor = bench.executor()
    assert bool(executor.missing_isolation) == (executor.name not in ("sandbox", "docker"))
    assert all(sentence.endswith(".") for sentence in executor.missing_isolation)
    assert SHELL.path == ()
