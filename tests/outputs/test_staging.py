from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline.errors import PipelineError
from jupyter_pipeline.outputs.staging import (
    copy_workspace,
    fingerprint,
    link_inputs,
    walk,
)
from tests.helpers.support import require


def write(folder: Path, **files: str) -> Path:
    """Write files whose names have __ for / and a suffix .csv."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path for path, _ in walk(folder))


# -- linking ---------------------------------------------------------------------------------------


def test_inputs_are_links_to_the_same_files(tmp_path: Path) -> None:
    source = write(tmp_path / "project", output__a="1", output__deep__b="2")
    files = {path: source / path for path in ("output/a.csv", "output/deep/b.csv")}
    link_inputs(tmp_path / "inputs", files)
    assert names(tmp_path / "inputs") == ["output/a.csv", "output/deep/b.csv"]
    for path, file in files.items():
        assert (tmp_path / "inputs" / path).samefile(file)


def test_an_input_may_come_from_a_place_of_another_name(tmp_path: Path) -> None:
    source = write(tmp_path / "kept", old="1")
    link_inputs(tmp_path / "inputs", {"output/a.csv": source / "old.csv"})
    assert (tmp_path / "inputs/output/a.csv").read_text() == "1"


def test_no_inputs_are_an_empty_folder(tmp_path: Path) -> None:
    link_inputs(tmp_path / "inputs", {})
    assert (tmp_path / "inputs").is_dir()
    assert names(tmp_path / "inputs") == []


def test_laying_out_may_be_repeated_and_takes_what_has_changed(tmp_path: Path) -> None:
    source = write(tmp_path / "project", a="1", b="2")
    files = {path: source / path for path in ("a.csv", "b.csv")}
    link_inputs(tmp_path / "inputs", files)
    (source / "new").write_text("changed")
    os.replace(source / "new", source / "a.csv")
    link_inputs(tmp_path / "inputs", files)
    assert (tmp_path / "inputs/a.csv").read_text() == "changed"
    assert (tmp_path / "inputs/b.csv").samefile(source / "b.csv")


def test_an_input_that_has_vanished_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"output/a\.csv has vanished.*Run the action"):
        link_inputs(tmp_path / "inputs", {"output/a.csv": tmp_path / "nowhere.csv"})


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False)
    require(done.returncode == 0, "the right to mount another disk", left_for="root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_on_another_disk_inputs_are_copies_with_their_times(tmp_path: Path, other_disk: Path) -> None:
    source = write(tmp_path / "project", a="1")
    os.utime(source / "a.csv", ns=(10**18, 10**18))
    for _ in range(2):
        link_inputs(other_disk / "inputs", {"a.csv": source / "a.csv"})
        assert (other_disk / "inputs/a.csv").read_text() == "1"
        assert (other_disk / "inputs/a.csv").stat().st_mtime_ns == 10**18
        assert not (other_disk / "inputs/a.csv").samefile(source / "a.csv")


# -- copying ---------------------------------------------------------------------------------------


def test_a_workspace_is_the_code_and_then_the_inputs(tmp_path: Path) -> None:
    code = write(tmp_path / "code", analysis__a="code", both="code")
    inputs = write(tmp_path / "inputs", output__a="input", both="input")
    baseline = copy_workspace(code, inputs, tmp_path / "workspace")
    assert names(tmp_path / "workspace") == ["analysis/a.csv", "both.csv", "output/a.csv"] == sorted(baseline)
    assert (tmp_path / "workspace/both.csv").read_text() == "input"
    for path, status in baseline.items():
        assert status == fingerprint((tmp_path / "workspace" / path).lstat())


def test_copies_may_be_written_to_whatever_the_permissions_of_the_code(tmp_path: Path) -> None:
    code = write(tmp_path / "code", a="code")
    (code / "a.csv").chmod(0o555)
    copy_workspace(code, write(tmp_path / "inputs", b="1"), tmp_path / "workspace")
    assert (tmp_path / "workspace/a.csv").stat().st_mode & 0o777 == 0o755
    (tmp_path / "workspace/a.csv").write_text("changed")
    (tmp_path / "workspace/b.csv").write_text("changed")
    assert (code / "a.csv").read_text() == "code"
    assert (tmp_path / "inputs/b.csv").read_text() == "1"


def test_links_stay_links(tmp_path: Path) -> None:
    code = write(tmp_path / "code", a="code")
    (code / "link").symlink_to("a.csv")
    (code / "dangling").symlink_to("/nowhere")
    (tmp_path / "inputs").mkdir()
    copy_workspace(code, tmp_path / "inputs", tmp_path / "workspace")
    assert os.readlink(tmp_path / "workspace/link") == "a.csv"
    assert os.readlink(tmp_path / "workspace/dangling") == "/nowhere"


def test_copying_may_be_repeated_over_a_half_made_copy(tmp_path: Path) -> None:
    code = write(tmp_path / "code", a="code", b="code")
    (code / "link").symlink_to("a.csv")
    inputs = write(tmp_path / "inputs", c="1")
    write(tmp_path / "workspace", a="half")
    for _ in range(2):
        baseline = copy_workspace(code, inputs, tmp_path / "workspace")
        assert sorted(baseline) == ["a.csv", "b.csv", "c.csv", "link"]
        assert (tmp_path / "workspace/a.csv").read_text() == "code"


def test_an_input_goes_before_a_link_of_the_code_and_never_through_it(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", a="mine")
    code = tmp_path / "code"
    code.mkdir()
    (code / "output").symlink_to(outside)
    (code / "b.csv").symlink_to(outside / "a.csv")
    inputs = write(tmp_path / "inputs", output__a="input", output__c="input", b="input")
    copy_workspace(code, inputs, tmp_path / "workspace")
    assert (outside / "a.csv").read_text() == "mine"
    assert names(outside) == ["a.csv"]
    assert (tmp_path / "workspace/b.csv").read_text() == "input"
    assert (tmp_path / "workspace/output/a.csv").read_text() == "input"
    assert not (tmp_path / "workspace/output").is_symlink()


# -- walking and fingerprints ----------------------------------------------------------------------


def test_walking_gives_everything_but_folders_and_follows_no_link(tmp_path: Path) -> None:
    write(tmp_path / "root", a="1", deep__er__b="2")
    (tmp_path / "root/empty").mkdir()
    (tmp_path / "root/up").symlink_to("..")
    (tmp_path / "root/dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "root/fifo")
    Path(os.fsdecode(os.fsencode(tmp_path / "root") + b"/\xff")).touch()
    assert names(tmp_path / "root") == sorted(
        ["a.csv", "dangling", "deep/er/b.csv", "fifo", "up", os.fsdecode(b"\xff")]
    )


def test_deep_folders_are_walked(tmp_path: Path) -> None:
    deep = tmp_path.joinpath("root", *["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "file").touch()
    assert names(tmp_path / "root") == ["/".join([*["d"] * 300, "file"])]


def test_every_kind_of_change_shows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"

    def fresh() -> tuple[int, int, int, int]:
        file.unlink(missing_ok=True)
        file.write_text("1\n")
        past = 10**18
        os.utime(file, ns=(past, past))
        return fingerprint(file.lstat())

    before = fresh()
    assert fingerprint(file.lstat()) == before
    file.read_text()
    assert fingerprint(file.lstat()) == before, "reading is no change"
    file.write_text("2\n")
    assert fingerprint(file.lstat()) != before, "the same size"
    os.utime(file, ns=(10**18, 10**18))
    assert fingerprint(file.lstat()) != before, "the same time, put back"
    before = fresh()
    (tmp_path / "other").write_text("2\n")
    os.utime(tmp_path / "other", ns=(10**18, 10**18))
    os.replace(tmp_path / "other", file)
    assert fingerprint(file.lstat()) != before, "another file in its place"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    files=st.dictionaries(
        st.lists(st.sampled_from(["a", "b", "ü x", "-"]), min_size=1, max_size=3).map("/".join), st.text()
    )
)
def test_a_copy_holds_what_was_copied(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("copy")
    made = {}
    for path, text in files.items():
        target = folder / "code" / f"{path}.f"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")
        made[f"{path}.f"] = text
    for name in ("code", "inputs"):
        (folder / name).mkdir(exist_ok=True)
    assert set(copy_workspace(folder / "code", folder / "inputs", folder / "workspace")) == set(made)
    for path, text in made.items():
        assert (folder / "workspace" / path).read_bytes() == text.encode()
