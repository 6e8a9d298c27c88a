"""Containers on a real Docker Engine: what they are given, and what happens when something of ours or theirs dies."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_pipeline.config import DockerSetting
from jupyter_pipeline.executors import Executor, Notebook, Task
from jupyter_pipeline.executors.containers import MOST_ATTEMPTS, supervising
from jupyter_pipeline.executors.docker import DockerExecutor
from jupyter_pipeline.models import Ending, Limits, Phase, Result, Runtime, StatusCode, TaskStatus
from jupyter_pipeline.notebooks.commands import NotebookRun, recognise
from jupyter_pipeline.outputs.job_folder import CONTAINER, CONTAINER_ATTEMPTS, CONTAINER_FILES
from jupyter_pipeline.rules.lifecycle import outcome
from jupyter_pipeline.runtimes import docker
from tests.helpers import images, proctools
from tests.helpers.fakes import FOREVER, Bench, Play, log, look, shim_of, until
from tests.helpers.support import require, require_root

LASTING = Play(lasts=FOREVER, says="begun\n", writes={"output/a.csv": "x\n1\n"})
ONE = Runtime("bare:v1", "test", "", ())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    images.require_engine()
    made = Bench("docker", tmp_path / "jobs")
    made.folder.mkdir()
    yield made
    made.close()


def container_of(task: Task, api: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = (api or images.api()).inspect_container(f"{docker.NAME}{task.id}")
    return found


def is_up(task: Task) -> bool:
    return (task.folder / "tmp" / "up").exists()


def begin(bench: Bench, executor: Executor, task: Task) -> psutil.Process:
    """Start a task; its shim, once the command runs."""
    executor.start(task)
    until(lambda: is_up(task), "the command")
    return until(lambda: shim_of(task.folder), "the shim")


def kill_all(shim: psutil.Process) -> None:
    """End a shim and the client below it as the machine would, and wait until they are gone."""
    below = proctools.children(shim, recursive=True)
    proctools.kill([shim, *below])
    until(lambda: not any(proctools.is_alive(process) for process in (shim, *below)), "the end of the shim")


# -- what a container is given ---------------------------------------------------------------------


@pytest.mark.parametrize("temporary", ["/tmp/plain", "/tmp/a b,c:d", "/tmp/\udcff"])
def test_links_that_stand_in_for_odd_paths_are_plain(temporary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", temporary)
    links = str(supervising.links_of(Path("/state/o dd/jobs/a")))
    assert supervising.PLAIN.fullmatch(links)
    assert links.startswith("/tmp/plain/" if temporary == "/tmp/plain" else "/tmp/jupyter-pipeline-")


def test_a_container_has_the_least_that_the_contract_allows(bench: Bench) -> None:
    task = bench.task(play=LASTING, limits=Limits(memory=64 * 1024**2))
    begin(bench, bench.executor(), task)
    found = container_of(task)
    host = found["HostConfig"]
    assert (host["NetworkMode"], host["CapDrop"], host["SecurityOpt"]) == ("none", ["ALL"], ["no-new-privileges"])
    assert (host["ReadonlyRootfs"], host["Init"], host["Privileged"]) == (True, True, False)
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (64 * 1024**2, 64 * 1024**2, 4096)
    assert host["NanoCpus"] == min(2.0, os.cpu_count() or 1) * 1e9
    assert found["Config"]["User"] == f"{os.getuid()}:{os.getgid()}"
    assert {mount["Destination"] for mount in found["Mounts"]} == {"/workspace", "/tmp"}
    labels = found["Config"]["Labels"]
    assert labels[docker.LABEL_JOB] == task.id
    assert docker.containers_of(images.api(), bench.folder).keys() == {task.id}
    bench.release(task)


def test_a_command_has_no_power_and_no_network(bench: Bench) -> None:
    text = "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; cat /proc/net/dev; echo 1 > /etc/x; echo $?; id -u"
    result = bench.run(task := bench.shell(text))
    said = log(task)
    assert result.exit_code == 0
    assert "CapEff:\t0000000000000000" in said
    assert "CapBnd:\t0000000000000000" in said
    assert "NoNewPrivs:\t1" in said
    assert [line.split(":")[0].strip() for line in said.splitlines() if ":" in line and "eth" in line] == []
    assert "Read-only file system" in said
    assert said.endswith(f"{os.getuid()}\n")


def test_the_user_and_the_folder_of_the_image(bench: Bench) -> None:
    """The user that an image asks for is not ours; its working directory is part of its contract."""
    image = images.with_entrypoint('#!/bin/sh\npwd; id -u; "$@"\n', USER="12345", WORKDIR="/opt/place")
    task = bench.task("true", runtime=replace(ONE, image=image))
    assert bench.run(task).exit_code == 0
    assert log(task) == f"/opt/place\n{os.getuid()}\n"


ACTION_EXEC = """#!/bin/sh
if [ -x "$(command -v "$1" 2> /dev/null)" ]; then exec "$@"; else exec $ACTION_EXEC "$@"; fi
"""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sh", "-c", "echo a program"), "a program\n"),
        (("analysis/say.sh", "1"), "code says 1\n"),
        (("-c", "echo by default"), "by default\n"),
    ],
)
def test_an_entry_point_judges_by_itself(bench: Bench, args: tuple[str, ...], said: str) -> None:
    """As in the platform's own images (base-docker entrypoint.sh)."""
    image = images.with_entrypoint(ACTION_EXEC, ENV="PATH=/usr/bin ACTION_EXEC=sh", WORKDIR="/workspace")
    task = bench.task(*args, runtime=replace(ONE, image=image))
    (task.code / "analysis").mkdir()
    (task.code / "analysis" / "say.sh").write_text('echo "code says $*"\n')
    result = bench.run(task)
    assert (log(task), result.exit_code) == (said, 0)


@pytest.mark.parametrize("args", [("cp", "in.csv", "out.csv"), ("in.csv", "out.csv")])
def test_an_image_without_a_shell(bench: Bench, args: tuple[str, ...]) -> None:
    """The second form's first word is no program of the image, so its default program runs."""
    task = bench.task(*args, runtime=replace(ONE, image=images.bare()))
    (task.code / "in.csv").write_text("1\n")
    result = bench.run(task)
    assert (result.exit_code, log(task)) == (0, "")
    assert (bench.default.written(task.folder) / "out.csv").read_text() == "1\n"


def test_secrets_are_masked_in_the_log_and_written_nowhere(bench: Bench) -> None:
    secret = "serial-xyzzy!code\nsecond-line-of-it"
    runtime = Runtime("stata-mp:v1", "test", "sh", (), secrets=("STATA_LICENSE",))
    play = Play(lasts=FOREVER)
    task = bench.task(play=play, runtime=runtime, environment={"STATA_LICENSE": secret, "SHOWN": "shown-to-all"})
    slowly = 'printf %s "$STATA_LICENSE" | head -c 9; sleep 0.1; printf %s "$STATA_LICENSE" | tail -c +10; echo; '
    text = f'echo "$SHOWN $STATA_LICENSE"; {slowly}' + task.args[2]
    task = replace(task, args=("sh", "-c", text))
    begin(bench, bench.executor(), task)
    kept = b"".join(path.read_bytes() for path in task.folder.rglob("*") if path.is_file())
    bench.release(task)
    bench.ended(bench.default, task)
    kept += b"".join(path.read_bytes() for path in task.folder.rglob("*") if path.is_file())
    assert b"xyzzy" not in kept
    assert b"second-line" not in kept
    assert log(task).startswith("shown-to-all ***\n")
    assert log(task).count("***") >= 2


def test_secrets_are_masked_also_by_whoever_attaches_again(bench: Bench) -> None:
    runtime = Runtime("stata-mp:v1", "test", "sh", (), secrets=("STATA_LICENSE",))
    task = bench.task(play=LASTING, runtime=runtime, environment={"STATA_LICENSE": "serial-xyzzy!code"})
    task = replace(task, args=("sh", "-c", """trap 'echo "so $STATA_LICENSE"' EXIT; """ + task.args[2]))
    executor = bench.executor()
    kill_all(begin(bench, executor, task))
    assert executor.poll(task.folder).phase is Phase.RUNNING
    until(lambda: "is not kept" in log(task), "another client")
    bench.release(task)
    assert bench.ended(executor, task).exit_code == 0
    assert log(task).endswith("so ***\n")


def test_a_network_that_is_granted_is_used(bench: Bench) -> None:
    task = bench.shell("true", network="host")
    assert bench.run(task).exit_code == 0
    assert container_of(task)["HostConfig"]["NetworkMode"] == "host"
    result = bench.run(bench.shell("true", network="no-such-network"))
    assert result.ending is Ending.BROKEN
    assert "no-such-network" in result.message


def test_an_image_that_has_gone_meanwhile_is_named(bench: Bench) -> None:
    task = bench.task("true", runtime=replace(ONE, image="sha256:" + "0" * 64))
    task = replace(task, runtime=replace(task.runtime, image="sha256:" + "0" * 64))
    result = bench.run(task)
    assert result.ending is Ending.BROKEN
    assert "bare:v1" in result.message


def test_a_container_of_another_is_left_alone(bench: Bench) -> None:
    task = bench.shell("true")
    api = images.api()
    name = f"{docker.NAME}{task.id}"
    other = api.create_container(images.shell(), ["sleep", "1000"], name=name)["Id"]
    try:
        result = bench.run(task)
        assert result.ending is Ending.BROKEN
        assert name in result.message
        bench.default.cleanup(task.folder)
        bench.run(bench.shell("true"))
        assert api.inspect_container(name)["Id"] == other
    finally:
        api.remove_container(other, force=True)


# -- what is written -------------------------------------------------------------------------------


def test_what_another_user_wrote_is_collected(bench: Bench) -> None:
    class Other(DockerExecutor):
        def order(self, task: Task) -> dict[str, Any]:
            order = super().order(task)
            order["container"]["user"] = "12345:12345"
            return order

    require_root("to be somebody else")
    bench.executors.append(Other(bench.folder))
    task = bench.shell("mkdir -m 700 output; echo 1 > output/a.csv; chmod 600 output/a.csv; id -u")
    (task.folder / "upper").mkdir()
    (task.folder / "upper").chmod(0o777)
    result = bench.run(task)
    assert (log(task), result.exit_code) == ("12345\n", 0)
    assert [file.path for file in result.files] == ["output/a.csv"]
    bench.default.cleanup(task.folder)
    assert not (task.folder / "upper").exists()


def test_where_no_overlay_can_be_mounted_the_workspace_is_copied(bench: Bench, tmp_path: Path) -> None:
    """The upper layer of an overlay cannot be in another overlay."""
    for name in ("lower", "upper", "work", "over"):
        (tmp_path / name).mkdir()
    layers = ",".join(f"{name}dir={tmp_path / name}" for name in ("lower", "upper", "work"))
    command = ["mount", "-t", "overlay", "overlay", "-o", layers, str(tmp_path / "over")]
    done = subprocess.run(command, capture_output=True, check=False)
    require(done.returncode == 0, "the right to mount an overlay", left_for="root")
    try:
        bench.folder = tmp_path / "over" / "state" / "jobs"
        bench.folder.mkdir(parents=True)
        for _ in range(2):  # the second knows it beforehand
            task = bench.shell("cat in.csv; mkdir output; echo 1 > output/a.csv; rm code.txt", inputs=tmp_path / "in")
            (tmp_path / "in").mkdir(exist_ok=True)
            (tmp_path / "in" / "in.csv").write_text("input\n")
            (task.code / "code.txt").write_text("code\n")
            result = bench.run(task)
            assert (log(task), result.exit_code, result.message) == ("input\n", 0, "")
            assert [file.path for file in result.files] == ["output/a.csv"]
            assert (task.code / "code.txt").exists()
            bench.default.cleanup(task.folder)
        assert len(list(bench.folder.parent.glob("copies-*"))) == 1
    finally:
        images.remove_containers(bench.folder)
        subprocess.run(["umount", "-l", tmp_path / "over"], check=True)


# -- ends ------------------------------------------------------------------------------------------


def test_an_ended_container_goes_with_its_cleanup(bench: Bench) -> None:
    task = bench.shell("true")
    bench.run(task)
    assert container_of(task)["State"]["Status"] == "exited"
    bench.default.cleanup(task.folder)
    until(lambda: not docker.containers_of(images.api(), bench.folder), "its removal")
    assert not [name for name in CONTAINER_FILES if (task.folder / name).exists()]
    assert bench.default.poll(task.folder).phase is Phase.ENDED


def test_a_command_that_is_deaf_is_killed_after_a_while(bench: Bench) -> None:
    task = bench.shell("""trap '' TERM; : > "$HOME/up"; while :; do sleep 0.05; done""")
    executor = bench.executor()
    begin(bench, executor, task)
    executor.stop(task.folder)
    result = bench.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.STOPPED, 137)
    assert result.elapsed > 9


def test_a_container_that_somebody_kills_is_killed_and_not_out_of_memory(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    begin(bench, executor, task)
    images.api().kill(f"{docker.NAME}{task.id}", "SIGKILL")
    result = bench.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.SIGNAL, 137)
    assert outcome(result).code is StatusCode.KILLED


def test_a_container_that_is_removed_behind_our_back_is_interrupted(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    begin(bench, executor, task)
    images.api().remove_container(f"{docker.NAME}{task.id}", force=True)
    assert_interrupted(bench.ended(executor, task), "not there any more")


def assert_interrupted(result: Result, words: str) -> None:
    assert result.ending is Ending.LOST
    assert words in result.message
    assert not result.files
    assert outcome(result).code is StatusCode.INTERRUPTED


# -- somebody of ours dies -------------------------------------------------------------------------


def test_a_container_whose_shim_is_killed_is_found_again(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    shim = begin(bench, executor, task)
    until(lambda: log(task) == "begun\n", "its first words")
    before = container_of(task)["Id"]
    until(lambda: log(task), "what it prints")
    kill_all(shim)
    executor.close()
    other = bench.executor()
    assert other.poll(task.folder).phase is Phase.RUNNING
    again = until(lambda: shim_of(task.folder), "another shim")
    assert again.pid != shim.pid
    assert container_of(task)["Id"] == before
    bench.release(task)
    result = bench.ended(other, task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert [file.path for file in result.files] == ["output/a.csv"]
    assert log(task).startswith("begun\n")
    assert "is not kept" in log(task)


def test_a_killed_client_gets_a_successor(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    shim = begin(bench, executor, task)
    client = shim.children()[0]
    client.kill()
    until(lambda: [one for one in shim.children() if one.pid != client.pid], "another client")
    bench.release(task)
    result = bench.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert len(result.files) == 1


def test_an_end_that_the_engine_has_seen_while_nobody_listened_is_believed(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    kill_all(begin(bench, executor, task))
    bench.release(task)
    until(lambda: container_of(task)["State"]["Status"] == "exited", "its end")
    result = bench.ended(executor, task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0)
    assert len(result.files) == 1


def test_a_container_that_vanished_while_nobody_listened_is_interrupted(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    kill_all(begin(bench, executor, task))
    images.api().remove_container(f"{docker.NAME}{task.id}", force=True)
    assert_interrupted(bench.ended(executor, task), "not there any more")


def test_a_task_that_is_stopped_while_nobody_listened_is_stopped(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    kill_all(begin(bench, executor, task))
    executor.stop(task.folder)
    assert bench.ended(executor, task).ending is Ending.STOPPED
    until(lambda: container_of(task)["State"]["Status"] == "exited", "its end")


def test_a_time_limit_counts_from_the_beginning_whoever_watches(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING, limits=Limits(timeout=2.0))
    kill_all(begin(bench, executor, task))
    result = bench.ended(executor, task)
    assert result.ending is Ending.TIMEOUT
    assert result.elapsed >= 2.0


def test_nobody_attaches_for_ever(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    kill_all(begin(bench, executor, task))
    (task.folder / CONTAINER_ATTEMPTS).write_bytes(b"." * MOST_ATTEMPTS)
    assert executor.poll(task.folder) == TaskStatus(Phase.LOST)
    bench.executor().cleanup(task.folder)
    until(lambda: not docker.containers_of(images.api(), bench.folder), "the removal of what still runs")


def test_a_marker_that_is_damaged_is_a_loss_and_no_more(bench: Bench) -> None:
    executor, task = bench.executor(), bench.task(play=LASTING)
    kill_all(begin(bench, executor, task))
    whole = (task.folder / CONTAINER).read_text()
    for text in ("", "[]", whole[: len(whole) // 2]):
        (task.folder / CONTAINER).write_text(text)
        assert executor.poll(task.folder) == TaskStatus(Phase.LOST)
    assert json.loads(whole)["container"]["name"]


# -- the Engine dies -------------------------------------------------------------------------------


class OwnEngine:
    """A Docker Engine of the test's own, which can be stopped and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.host = f"unix://{folder}/s"
        self.process: subprocess.Popen[bytes]
        self.begin()

    def begin(self) -> None:
        places = [
            "--data-root",
            f"{self.folder}/data",
            "--exec-root",
            f"{self.folder}/exec",
            "-p",
            f"{self.folder}/pid",
        ]
        # Where nobody reaps, a killed Engine's containerd stays among the processes, and is taken for alive.
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as stream:
            self.process = subprocess.Popen(
                ["dockerd", *places, "-H", self.host, "--iptables=false", "--bridge=none"], stdout=stream, stderr=stream
            )
        until(self.answers, "the Engine")

    def answers(self) -> bool:
        try:
            with contextlib.closing(docker.connect(self.host)) as api:
                return bool(api.ping())
        except Exception:
            return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()
        for line in Path("/proc/self/mounts").read_text().splitlines():
            if str(self.folder) in line.split()[1]:
                subprocess.run(["umount", "-l", line.split()[1]], check=False)
        proctools.kill(process for process in proctools.with_word(str(self.folder)) if process.pid != os.getpid())
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def own(tmp_path: Path, bench: Bench) -> Iterator[OwnEngine]:
    require_root("to start an Engine")
    require(shutil.which("dockerd") is not None, "dockerd")
    engine = OwnEngine(Path("/tmp") / f"jp-engine-{os.getpid()}")
    try:
        images.copy_to(engine.host, images.shell())
        bench.executors.append(DockerExecutor(bench.folder, DockerSetting(host=engine.host)))
        yield engine
    finally:
        engine.close()


POLITE = """trap 'mkdir -p output; echo 1 > output/a.csv; exit 0' TERM; : > "$HOME/up"; while :; do sleep 0.05; done"""
"""A command that answers SIGTERM with success, and looks complete then."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_an_engine_that_is_restarted_under_a_job_interrupts_it(bench: Bench, own: OwnEngine, number: int) -> None:
    executor, task = bench.default, bench.shell(POLITE)
    begin(bench, executor, task)
    own.stop(number)
    assert look(executor, task, Phase.RUNNING)
    own.begin()
    assert_interrupted(bench.ended(executor, task), "The Docker Engine was stopped")
    executor.cleanup(task.folder)


def test_an_engine_that_was_restarted_while_nobody_listened_interrupts_its_jobs(bench: Bench, own: OwnEngine) -> None:
    executor, task = bench.default, bench.shell(POLITE)
    kill_all(begin(bench, executor, task))
    own.stop()
    own.begin()
    assert_interrupted(bench.ended(executor, task), "The Docker Engine was stopped")


def test_an_engine_that_is_not_there_is_said(bench: Bench, tmp_path: Path) -> None:
    bench.executors.append(DockerExecutor(bench.folder, DockerSetting(host=f"unix://{tmp_path}/nowhere.sock")))
    result = bench.run(bench.shell("true"))
    assert result.ending is Ending.BROKEN
    assert "No Docker Engine answers" in result.message


# -- notebooks -------------------------------------------------------------------------------------


class Nowhere(DockerExecutor):
    """Its drivers of notebooks are sent to a folder that is not there."""

    def whole_order(self, task: Task) -> dict[str, Any]:
        order = super().whole_order(task)
        order["notebook"]["workspace"] = "/nowhere"
        return order


def test_a_notebook_whose_driver_cannot_start_is_run_word_for_word_in_the_image(bench: Bench) -> None:
    bench.executors.append(Nowhere(bench.folder))
    run = recognise(["papermill", "a.ipynb", "b.ipynb"])
    assert isinstance(run, NotebookRun)
    runtime = replace(ONE, image=images.kernel())
    secrets = {"TOKEN": "open sesame"}
    task = bench.task(
        *("sh", "-c", "echo as it stands; exit 3"),
        runtime=replace(runtime, environment=secrets, secrets=tuple(secrets)),
        notebook=Notebook(run, {}),
    )
    result = bench.run(task)
    reason = (
        "The command runs word for word, since the notebook's driver could not be started: "
        "No such file or directory: /nowhere."
    )
    assert log(task) == f"{reason}\nas it stands\n"
    assert (result.ending, result.exit_code) == (Ending.EXIT, 3)
    assert result.message == f"Its command ended with exit code 3. {reason}"
    kept = [path.read_bytes() for path in task.folder.rglob("*") if path.is_file()]
    assert not any(b"open sesame" in content for content in kept)
