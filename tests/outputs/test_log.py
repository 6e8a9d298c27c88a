from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline.outputs import job_folder
from jupyter_pipeline.outputs import log as joblog
from tests.helpers.support import require

KB, MB = 1024, 1024**2


def whole(log: Path, start: int = 0) -> bytes:
    return b"".join(joblog.chunks(log, start))


def numbered(lines: int) -> bytes:
    return b"".join(b"line %08d\n" % number for number in range(lines))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_a_log_that_is_not_there_is_empty(log: Path) -> None:
    assert joblog.size(log) == 0
    assert joblog.read(log) == (b"", 0)
    assert joblog.read(log, 7) == (b"", 7)
    assert whole(log) == b""
    assert joblog.tail(log, 5) == ""
    joblog.keep_ends(log, MB)


def test_a_log_is_read_by_offset_as_it_grows(log: Path) -> None:
    log.write_bytes(b"one\n")
    data, after = joblog.read(log)
    assert (data, after) == (b"one\n", 4)
    assert joblog.read(log, after) == (b"", 4)
    with log.open("ab") as file:
        file.write(b"two\n")
    assert joblog.read(log, after) == (b"two\n", 8)
    assert joblog.read(log, 2, most=3) == (b"e\nt", 5)
    assert joblog.read(log, 100) == (b"", 100)


def test_the_last_lines(log: Path) -> None:
    log.write_bytes(b"a\nb\xff\nc")
    assert joblog.tail(log, 2) == "b\N{REPLACEMENT CHARACTER}\nc"
    assert joblog.tail(log, 9) == "a\nb\N{REPLACEMENT CHARACTER}\nc"
    assert joblog.tail(log, 1) == "c"
    assert joblog.tail(log, 0) == ""
    log.write_bytes(numbered(100_000))
    assert joblog.tail(log, 1) == "line 00099999"
    assert len(joblog.tail(log, 10**6, most=140).splitlines()) == 10


def test_a_log_within_its_bound_is_left_alone(log: Path) -> None:
    log.write_bytes(numbered(1000))
    joblog.keep_ends(log, MB)
    assert whole(log) == numbered(1000)
    assert [path.name for path in log.parent.iterdir()] == ["log"]


def test_the_middle_of_a_log_that_outgrows_its_bound_is_freed(log: Path) -> None:
    data = numbered(300_000)
    log.write_bytes(data)
    joblog.keep_ends(log, MB)
    assert log.stat().st_blocks * 512 <= MB
    assert joblog.size(log) == len(data), "offsets stay"
    words = whole(log)
    beginning, gap, end = re.split(rb"(\n\[\.\.\. \d\.\d MB of log left out here \.\.\.\]\n)", words)
    assert float(gap.split()[1]) == pytest.approx((len(data) - len(beginning) - len(end)) / MB, abs=0.06)
    assert data.startswith(beginning)
    assert data.endswith(end)
    assert len(beginning) > MB / 5
    assert len(end) > MB / 3
    assert joblog.tail(log, 2) == "line 00299998\nline 00299999"


def test_whoever_reads_on_over_the_gap_is_told_once_and_misses_nothing_after_it(log: Path) -> None:
    log.write_bytes(numbered(20_000))
    data, offset = joblog.read(log, 0, 1000)
    log.write_bytes(numbered(300_000))
    joblog.keep_ends(log, MB)
    rest = whole(log, offset)
    assert rest.count(b"left out here") == 1
    assert rest.endswith(b"line 00299999\n")
    in_the_gap, after = joblog.read(log, 2 * MB)
    assert b"left out here" in in_the_gap
    assert joblog.read(log, after, 5)[0] == numbered(300_000)[after : after + 5]
    assert data == numbered(300_000)[:1000]


def test_a_log_that_is_cut_again_and_again_keeps_its_first_beginning(log: Path) -> None:
    with log.open("ab") as file:
        for part in range(40):
            file.write(b"%02d" % part * (MB // 8))
            file.flush()
            joblog.keep_ends(log, MB)
            assert log.stat().st_blocks * 512 <= MB + 64 * KB
    words = whole(log)
    assert words.startswith(b"0000")
    assert words.endswith(b"3939")
    assert words.count(b"left out here") == 1
    assert b"\0" not in words


@pytest.mark.parametrize("bound", [1, 1000, 4096, 20_000, 100_000])
def test_small_bounds_keep_the_end(log: Path, bound: int) -> None:
    log.write_bytes(numbered(50_000))
    joblog.keep_ends(log, bound)
    assert log.stat().st_blocks * 512 <= bound + 8 * KB
    assert b"\0" not in whole(log)
    assert whole(log).endswith(b"line 00049999\n" if bound > 13 else b"\n")


@pytest.mark.parametrize(
    "note", ["", "{", "[1]", "[1, 2, 3]", "5", "null", '"ab"', '["a", "b"]', "[null, 1]", "\0", "{}"]
)
def test_a_damaged_note_of_what_was_cut_does_not_hide_the_log(log: Path, note: str) -> None:
    log.write_bytes(b"one\ntwo\n")
    (log.parent / job_folder.CUT).write_text(note)
    assert whole(log) == b"one\ntwo\n"
    assert joblog.tail(log, 1) == "two"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(bound=st.integers(20_000, 400_000), step=st.integers(1, 60_000), length=st.integers(0, 60_000))
def test_reading_piece_by_piece_gives_what_reading_at_once_gives(
    tmp_path: Path, bound: int, step: int, length: int
) -> None:
    log = tmp_path / "log"
    for file in (log, tmp_path / job_folder.CUT):
        file.unlink(missing_ok=True)
    log.write_bytes(numbered(length))
    joblog.keep_ends(log, bound)
    pieces, offset = [], 0
    while True:
        data, after = joblog.read(log, offset, step)
        if not data:
            break
        assert after > offset
        pieces.append(data)
        offset = after
        if len(pieces) > 2000:
            return
    assert b"".join(pieces) == whole(log)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False)
    require(done.returncode == 0, "the right to mount a small disk", left_for="root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_log_that_has_filled_the_disk_says_what_was_left_out(small_disk: Path) -> None:
    log = small_disk / "log"
    with log.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            assert file.write(b"words\n" * 10_000) > 0
            if not os.statvfs(small_disk).f_bavail:
                file.write(b"more\n" * 10_000)
    joblog.keep_ends(log, MB)
    assert log.stat().st_blocks * 512 <= MB
    words = whole(log)
    assert b"\0" not in words
    assert b"left out here" in words


def test_where_no_middle_can_be_freed_nothing_is_hidden(tmp_path: Path) -> None:
    """Some file systems cannot free a part of a file: the log then stays whole."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "ramfs", "ramfs", folder], capture_output=True, check=False)
    require(done.returncode == 0, "the right to mount a disk", left_for="root")
    try:
        (folder / "log").write_bytes(numbered(100_000))
        joblog.keep_ends(folder / "log", 100 * KB)
        assert whole(folder / "log") == numbered(100_000)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
