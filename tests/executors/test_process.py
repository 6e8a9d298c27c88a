"""The fallback: what a plain process in a copied folder still guarantees, and what it says that it does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline.executors.process import ProcessExecutor
from jupyter_pipeline.models import Level, OutputPattern
from jupyter_pipeline.outputs.staging import link_inputs
from tests.helpers.fakes import Bench, Machine, log, machines

machine = machines("process")


@pytest.fixture
def bench(machine: Machine, tmp_path: Path) -> Iterator[Bench]:
    yield from machine.bench(tmp_path)


def test_it_says_what_it_does_not_protect_from(tmp_path: Path) -> None:
    words = " ".join(ProcessExecutor(tmp_path).missing_isolation)
    for topic in ("network", "any file", "/workspace"):
        assert topic in words


def test_code_and_inputs_are_copies(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1\n")
    task = bench.shell("echo 2 >> in.csv; echo 2 >> code.py; rm gone.py; chmod 777 modes.py; ls")
    link_inputs(task.inputs, {"in.csv": tmp_path / "in.csv"})
    for name in ("code.py", "gone.py", "modes.py"):
        (task.code / name).write_text("1\n")
        (task.code / name).chmod(0o444)
    result = bench.run(task)
    assert (result.exit_code, log(task).split()) == (0, ["code.py", "in.csv", "modes.py"])
    assert (tmp_path / "in.csv").read_text() == "1\n"
    for name in ("code.py", "gone.py", "modes.py"):
        assert (task.code / name).read_text() == "1\n"
        assert (task.code / name).stat().st_mode & 0o777 == 0o444


def test_every_rewriting_in_place_is_seen(bench: Bench) -> None:
    """Also one of the same length within the same tick of the file system's clock."""
    names = [f"{number}.csv" for number in range(40)]
    for _ in range(5):
        task = bench.shell(
            "for file in *.csv; do echo 2 > $file; done", outputs=(OutputPattern(Level.HIGHLY, "x", "*.csv"),)
        )
        for name in names:
            (task.inputs / name).write_text("1\n")
        assert len(bench.run(task).files) == len(names)


def test_the_workspace_is_named_in_words_and_variables(bench: Bench) -> None:
    task = bench.task(
        *("sh", "-c", 'echo "$0" "$1" "$WHERE" $TMPDIR; pwd', "--out=/workspace/a:/workspace/b", "/workspace"),
        environment={"WHERE": "/workspace/c"},
    )
    bench.run(task)
    place = f"{task.folder}/workspace"
    assert log(task).split() == [
        f"--out={place}/a:{place}/b", place, f"{place}/c", f"{task.folder}/tmp", place,
    ]  # fmt: skip


BEFORE = ["", "a", "/", ".", "-", "_", "=", "'", '"', "(", " ", ":", "@", "é"]
AFTER = ["", "/", "/x", "s", "-2", "_x", ".csv", "'", '"', ")", " ", ":", ";", "&&", "\n", "é"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(before=st.sampled_from(BEFORE), after=st.sampled_from(AFTER))
def test_only_whole_paths_are_taken_for_the_workspace(tmp_path: Path, before: str, after: str) -> None:
    """A path is whole where nothing that could belong to a name stands before or after it."""
    folder = tmp_path / "job"
    for name in ("code", "inputs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    word = f"{before}/workspace{after}"
    task = Bench("process", tmp_path / f"{len(os.listdir(tmp_path))}").task("echo", word)
    argv = ProcessExecutor(tmp_path).order(task)["argv"]
    is_name = (before and (before.isalnum() or before in "/.-_")) or (
        after and (after[0].isalnum() or after[0] in ".-_")
    )
    expected = word if is_name else f"{before}{task.folder}/workspace{after}"
    assert argv == ["echo", expected]


def test_a_link_in_the_code_does_not_lead_inputs_out_of_the_workspace(bench: Bench, tmp_path: Path) -> None:
    """Where the project has a folder of that name as a link, the input's folder takes its place."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "in.csv").write_text("mine\n")
    task = bench.shell("cat output/in.csv")
    (task.code / "output").symlink_to(outside)
    (task.inputs / "output").mkdir()
    (task.inputs / "output" / "in.csv").write_text("input\n")
    bench.run(task)
    assert (outside / "in.csv").read_text() == "mine\n"
    assert log(task) == "input\n"


@pytest.mark.parametrize("name", ["with space", "grüße"])
def test_a_program_of_the_runtime_is_found_first(bench: Bench, tmp_path: Path, name: str) -> None:
    from jupyter_pipeline.models import Runtime

    place = tmp_path / name
    place.mkdir()
    (place / "ls").write_text("#!/bin/sh\necho mine\n")
    (place / "ls").chmod(0o755)
    task = bench.task("ls", runtime=Runtime("x:v1", "", "sh", (place,)))
    bench.run(task)
    assert log(task) == "mine\n"
