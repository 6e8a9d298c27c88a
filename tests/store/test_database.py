"""The store: events with every change, one owner per column, and no history lost or begun anew in silence."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.config import JOBS
from jupyter_pipeline.errors import StoreUnavailable
from jupyter_pipeline.models import (
    JobRequest,
    Level,
    OutputFile,
    State,
    StatusCode,
)
from jupyter_pipeline.store import schema
from jupyter_pipeline.store.database import FILE, Store, on_network
from tests.helpers.faults import (
    ended,
    fill,
    forked,
    read_only,
    small_disk,
)
from tests.helpers.stored import job_row, request


def submit(store: Store, *actions: str, **changes: Any) -> JobRequest:
    asked = request(**changes)
    rows = [job_row(asked, action) for action in actions or ("make",)]
    store.submit(asked, rows, [(row["action"], "run", row["reason"], None) for row in rows])
    return asked


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(Store.open(tmp_path / "state")) as opened:
        yield opened


def another(store: Store) -> contextlib.closing[Store]:
    return contextlib.closing(Store.open(store.folder))


# -- what is written is read again -----------------------------------------------------------------


def test_request_is_read_as_it_was_written(store: Store) -> None:
    asked = request(organisation="Org", branch="main", commit="c" * 40, dirty=True, code="d" * 64, force=True)
    store.submit(asked, [], [])
    assert store.request(asked.id) == asked
    assert store.request(asked.id[:5]) == asked
    assert store.request("") is None
    assert store.request("?") is None
    assert store.requests() == [asked]


def test_requests_are_numbered_from_one_and_listed_newest_first(store: Store) -> None:
    asked = [submit(store) for _ in range(5)]
    assert [store.request_number(one.id) for one in asked] == [1, 2, 3, 4, 5]
    assert [one.id for one in store.requests(2, 1)] == [asked[3].id, asked[2].id]


def test_plan_is_kept_with_its_request(store: Store) -> None:
    asked = submit(store, "one", "two")
    assert [entry[0] for entry in store.plan_of(asked.id)] == ["one", "two"]


def test_hostile_names_are_only_names(store: Store) -> None:
    name = "x'); DROP TABLE jobs; --"
    asked = submit(store, name, requested_by="Robert'); --", project_yaml="\x00 é\n☃")
    assert store.jobs(asked.id)[0].action == name
    assert store.jobs_of_action(name)[0].request_id == asked.id
    assert store.requests() == [asked]


# -- events ----------------------------------------------------------------------------------------


def test_revisions_increase_and_follow_goes_on_where_it_stopped(store: Store) -> None:
    asked = submit(store)
    job = store.jobs(asked.id)[0]
    store.update(job, state=State.RUNNING, code=StatusCode.EXECUTING)
    told = store.follow(0)
    assert [(event.kind, event.code) for event in told] == [("request", "created"), ("job", "executing")]
    assert [event.revision for event in told] == sorted({event.revision for event in told})
    assert store.follow(told[-1].revision) == []
    assert store.follow(told[0].revision) == told[1:]
    assert store.follow(0, limit=1) == told[:1]
    assert store.revision() == told[-1].revision == store.jobs(asked.id)[0].revision
    assert store.first_revision(asked.id) == told[0].revision
    assert store.timeline(job.id) == told[1:]


def test_event_and_change_stand_or_fall_together(store: Store) -> None:
    asked = submit(store)
    job = store.jobs(asked.id)[0]
    before = store.revision()
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.update(job, state=State.RUNNING, code=StatusCode.EXECUTING)
        raise ZeroDivisionError
    with another(store) as other:
        assert other.revision() == before
        assert other.jobs(asked.id) == [job]


def test_nobody_sees_half_a_transaction(store: Store) -> None:
    asked = submit(store)
    with another(store) as other, store.transaction():
        store.update(store.jobs(asked.id)[0], state=State.RUNNING, code=StatusCode.EXECUTING)
        submit(store)
        assert other.jobs(asked.id)[0].state is State.PENDING
        assert len(other.follow(0)) == 1
    assert len(store.follow(0)) == 3


def test_request_whose_jobs_cannot_be_written_is_not_written(store: Store) -> None:
    asked = request()
    twice = job_row(asked)
    with pytest.raises(StoreUnavailable):
        store.submit(asked, [twice, twice], [])
    assert store.requests() == []
    assert store.follow(0) == []


def test_unchanged_state_makes_no_event(store: Store) -> None:
    asked = submit(store)
    job = store.jobs(asked.id)[0]
    after = store.update(job, peak_memory=5)
    assert store.revision() == 1
    assert store.jobs(asked.id) == [after]
    assert after.peak_memory == 5


def test_other_connection_is_noticed(store: Store) -> None:
    before = store.data_version()
    submit(store)
    assert store.data_version() == before
    with another(store) as other:
        submit(other)
    assert store.data_version() != before


# -- who owns which column -------------------------------------------------------------------------


def test_cancel_touches_nothing_of_the_engines(store: Store) -> None:
    asked = submit(store, "one", "two", "three")
    first, second, third = store.jobs(asked.id)
    store.update(first, state=State.SUCCEEDED, code=StatusCode.SUCCEEDED)
    running = store.update(second, state=State.RUNNING, code=StatusCode.EXECUTING)
    with another(store) as other:
        assert other.cancel(asked.id) == 2
        assert other.cancel(asked.id) == 0
    assert store.cancelled_jobs() == {second.id, third.id}
    assert [job.state for job in store.jobs(asked.id)] == [State.SUCCEEDED, State.RUNNING, State.PENDING]
    assert [job.code for job in store.jobs(asked.id)][1] == running.code
    found = store.request(asked.id)
    assert found is not None
    assert found.cancelled


def test_engine_does_not_take_back_a_wish_to_cancel(store: Store) -> None:
    asked = submit(store)
    job = store.jobs(asked.id)[0]
    with another(store) as other:
        assert other.cancel(asked.id, [job.id]) == 1
    store.update(job, state=State.RUNNING, code=StatusCode.EXECUTING)
    assert store.cancelled_jobs() == {job.id}
    assert store.jobs(asked.id)[0].cancelled


def test_cancel_of_some_jobs_leaves_the_request_and_the_others(store: Store) -> None:
    asked = submit(store, "one", "two")
    first, _ = store.jobs(asked.id)
    assert store.cancel(asked.id, [first.id]) == 1
    assert store.cancel(asked.id, []) == 0
    found = store.request(asked.id)
    assert found is not None
    assert not found.cancelled
    assert store.cancelled_jobs() == {first.id}


# -- outputs ---------------------------------------------------------------------------------------


def output(job_id: str, path: str, **changes: Any) -> OutputFile:
    values: dict[str, Any] = {
        "path": path,
        "action": "make",
        "job_id": job_id,
        "request_id": "",
        "level": Level.MODERATELY,
        "size": 3,
        "mtime_ns": 5,
        "sha256": "0" * 64,
        "rows": 1,
        "columns": 2,
    }
    return OutputFile(**(values | changes))


def test_newer_outputs_take_the_place_of_older_ones(store: Store) -> None:
    asked = submit(store, "make", "make")
    first, second = store.jobs(asked.id)
    store.record_outputs(first, [output(first.id, "a.csv"), output(first.id, "b.csv")], "one", [])
    store.record_outputs(second, [output(second.id, "a.csv")], "two", ["b.csv"])
    assert store.latest() == {"make": (second.id, "two")}
    assert store.latest_of("make") == (second.id, "two")
    assert store.latest_of("other") is None
    assert store.owners() == {"a.csv": second.id}
    assert store.owners(["a.csv", "b.csv"]) == {"a.csv": second.id}
    assert [file.path for file in store.latest_outputs()] == ["a.csv"]
    assert [file.path for file in store.outputs_of(first.id)] == ["a.csv", "b.csv"]
    assert store.outputs_of(second.id)[0].request_id == asked.id


def test_last_job_of_an_action_is_the_newest_that_was_not_cancelled(store: Store) -> None:
    asked = submit(store, "make", "make")
    first, second = store.jobs(asked.id)
    store.update(first, state=State.SUCCEEDED, code=StatusCode.SUCCEEDED)
    store.update(second, state=State.FAILED, code=StatusCode.CANCELLED_BY_USER)
    assert store.last_jobs()["make"][0].id == first.id


# -- several processes -----------------------------------------------------------------------------


def test_processes_that_submit_at_once_all_get_in(tmp_path: Path) -> None:
    """Also the first moment, in which each of them would make the file."""
    folder = tmp_path / "state"

    def work() -> None:
        with contextlib.closing(Store.open(folder)) as store:
            for _ in range(10):
                submit(store, "one", "two")

    pids = [forked(work) for _ in range(5)]
    assert [ended(pid) for pid in pids] == [0] * 5
    with contextlib.closing(Store.open(folder)) as store:
        assert len(store.requests(1000)) == 50
        assert [event.revision for event in store.follow(0)] == list(range(1, 51))
        assert sorted(store.request_number(one.id) for one in store.requests(1000)) == list(range(1, 51))
        store.check_integrity()


def test_writer_waits_for_another_one(store: Store) -> None:
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()

    def work() -> None:
        with contextlib.closing(Store.open(store.folder)) as other, other.transaction():
            submit(other)
            os.write(to_parent, b"!")
            os.read(from_parent, 1)

    pid = forked(work)
    os.read(from_child, 1)
    assert store.requests() == []  # readers do not wait
    release = forked(lambda: os.write(to_child, b"!"))
    submit(store)
    assert ended(pid) == ended(release) == 0
    assert len(store.requests()) == 2
    for descriptor in (from_child, to_parent, from_parent, to_child):
        os.close(descriptor)


def test_killed_writer_leaves_the_store_as_it_was(store: Store) -> None:
    def work() -> None:
        with contextlib.closing(Store.open(store.folder)) as other, other.transaction():
            submit(other)
            os.kill(os.getpid(), 9)

    assert ended(forked(work)) == -9
    submit(store)
    assert len(store.requests()) == len(store.follow(0)) == 1
    store.check_integrity()


# -- refused, with the cure ------------------------------------------------------------------------


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """The folder of a store with some history, and with a job's folder."""
    folder = tmp_path / "state"
    with contextlib.closing(Store.open(folder)) as store:
        for _ in range(200):
            submit(store, project_yaml="text " * 400)
    (folder / JOBS / "abcdefgh").mkdir(parents=True)
    assert not (folder / f"{FILE}-wal").exists()
    return folder


def _overwrite(offset: int, data: bytes) -> Callable[[Path], object]:
    def harm(file: Path) -> None:
        with file.open("r+b") as stream:
            stream.seek(offset)
            stream.write(data)

    return harm


def _sql(statement: str) -> Callable[[Path], object]:
    def harm(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute(statement)
            database.commit()

    return harm


def _make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


HARMS: dict[str, Callable[[Path], object]] = {
    "corrupt header": _overwrite(0, b"garbage garbage "),
    "header cut short": lambda file: os.truncate(file, 7),
    "only a header": lambda file: os.truncate(file, 16),
    "half a first page": lambda file: os.truncate(file, 2048),
    "half of the file": lambda file: os.truncate(file, file.stat().st_size // 2 // 4096 * 4096 + 100),
    "empty": lambda file: os.truncate(file, 0),
    "missing": lambda file: file.unlink(),
    "other application": _sql("PRAGMA application_id = 4711"),
    "newer format": _sql(f"PRAGMA user_version = {schema.VERSION + 1}"),
    "a text": lambda file: file.write_text("My notes\n"),
    "garbage in the schema": _overwrite(100, b"\xff" * 3000),
    "no tables": _sql("DROP TABLE jobs"),
    "a folder": _make_folder,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=list(HARMS))
@pytest.mark.parametrize("way", [Store.open, Store.peek], ids=["open", "peek"])
def test_damaged_store_is_refused_with_the_cure_and_left_alone(
    closed: Path, harm: Callable[[Path], object], way: Callable[[Path], Store | None]
) -> None:
    file = closed / FILE
    harm(file)
    before = file.read_bytes() if file.is_file() else file.exists()

    def use() -> None:
        store = way(closed)
        assert store is not None, "a vanished history is not the same as none"
        with contextlib.closing(store):
            store.check_integrity()
            store.last_jobs()
            store.requests()

    with pytest.raises(StoreUnavailable) as caught:
        use()
    assert FILE in caught.value.message or str(closed) in caught.value.message
    assert caught.value.remedy
    assert (file.read_bytes() if file.is_file() else file.exists()) == before


def test_garbage_in_the_middle_is_found_by_the_check(closed: Path) -> None:
    file = closed / FILE
    size = file.stat().st_size
    for page in range(size // 4096 // 3, size // 4096 // 3 + 6):
        _overwrite(page * 4096, os.urandom(4096))(file)
    with pytest.raises(StoreUnavailable, match="damaged") as caught, contextlib.closing(Store.open(closed)) as store:
        store.check_integrity()
    assert "move the folder" in caught.value.remedy
    assert "Nothing was changed" in caught.value.remedy


def test_half_written_log_of_a_crash_loses_only_what_was_not_finished(tmp_path: Path) -> None:
    """A torn write-ahead log, as a power cut leaves it, is rolled back to the last whole transaction."""
    folder = tmp_path / "state"

    def work() -> None:
        store = Store.open(folder)
        for _ in range(5):
            submit(store)
        os.kill(os.getpid(), 9)

    assert ended(forked(work)) == -9
    log = folder / f"{FILE}-wal"
    os.truncate(log, log.stat().st_size - 2000)
    with contextlib.closing(Store.open(folder)) as store:
        store.check_integrity()
        assert len(store.requests()) == len(store.follow(0)) == 4


@pytest.mark.parametrize("inside", ["", ".probe-12"], ids=["empty", "an executor is being tried out"])
def test_empty_folder_is_no_history(tmp_path: Path, inside: str) -> None:
    (tmp_path / JOBS / inside).mkdir(parents=True)
    assert Store.peek(tmp_path) is None
    with contextlib.closing(Store.open(tmp_path)) as store:
        assert store.requests() == []


def test_peek_where_nothing_is_makes_nothing(tmp_path: Path) -> None:
    assert Store.peek(tmp_path / "state") is None
    assert list(tmp_path.iterdir()) == []


def test_peek_cannot_write(store: Store) -> None:
    submit(store)
    peeked = Store.peek(store.folder)
    assert peeked is not None
    with contextlib.closing(peeked), pytest.raises(StoreUnavailable):
        submit(peeked)
    assert len(store.requests()) == 1


def test_peek_sees_what_is_written_meanwhile(store: Store) -> None:
    peeked = Store.peek(store.folder)
    assert peeked is not None
    with contextlib.closing(peeked):
        submit(store)
        assert len(peeked.requests()) == 1


# -- disks -----------------------------------------------------------------------------------------


def test_folder_that_may_only_be_read(closed: Path) -> None:
    with read_only(closed):
        peeked = Store.peek(closed)
        assert peeked is not None
        with contextlib.closing(peeked):
            assert len(peeked.requests(1000)) == 200
        with (
            pytest.raises(StoreUnavailable, match="cannot be written") as caught,
            contextlib.closing(Store.open(closed)) as store,
        ):
            submit(store)
        assert "JUPYTER_PIPELINE_STATE" in caught.value.remedy


def test_folder_that_may_only_be_read_shows_what_a_killed_engine_wrote(tmp_path: Path) -> None:
    """What stands only in the write-ahead log counts as well."""
    folder = tmp_path / "state"

    def work() -> None:
        store = Store.open(folder)
        submit(store)
        os.kill(os.getpid(), 9)

    assert ended(forked(work)) == -9
    assert (folder / f"{FILE}-wal").stat().st_size
    with read_only(folder):
        peeked = Store.peek(folder)
        assert peeked is not None
        with contextlib.closing(peeked):
            assert len(peeked.requests()) == 1


def test_new_store_in_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    with read_only(tmp_path), pytest.raises(StoreUnavailable, match="cannot be written") as caught:
        Store.open(tmp_path / "state")
    assert "JUPYTER_PIPELINE_STATE" in caught.value.remedy


def test_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk, contextlib.closing(Store.open(disk / "state")) as store:
        submit(store)
        ballast = fill(disk)
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="full") as caught:
                submit(store, project_yaml="x" * 500_000)
            assert "Free some space" in caught.value.remedy
        assert len(store.requests()) == len(store.follow(0)) == 1
        ballast.unlink()
        submit(store, project_yaml="x" * 500_000)
        with another(store) as other:
            assert len(other.requests()) == len(other.follow(0)) == 2
        store.check_integrity()


def test_full_disk_in_the_middle_of_a_large_transaction(tmp_path: Path) -> None:
    """SQLite may roll back by itself; what is said is still that the disk is full."""
    with small_disk(tmp_path / "disk", "8m") as disk, contextlib.closing(Store.open(disk / "state")) as store:
        submit(store)
        fill(disk, leave=3_000_000)
        with pytest.raises(StoreUnavailable, match="full"), store.transaction():
            for _ in range(100):
                submit(store, project_yaml="x" * 200_000)
        assert len(store.requests()) == 1
        store.check_integrity()


@pytest.mark.parametrize(
    ("kind", "expected"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("tmpfs", False)]
)
def test_network_file_system_is_known_by_its_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, expected: bool
) -> None:
    shared = tmp_path / "a share"
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x {str(shared).replace(' ', chr(92) + '040')} {kind} rw 0 0\n"
    _fake_mounts(monkeypatch, mounts)
    assert on_network(shared / "project") is expected
    assert not on_network(tmp_path / "a share of mine")


def test_no_write_ahead_log_on_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_mounts(monkeypatch, f"server:/x {tmp_path} nfs4 rw 0 0\n")
    folder = tmp_path / "state"
    with contextlib.closing(Store.open(folder)) as store:
        submit(store)
        with another(store) as other:
            submit(other)
            assert len(store.requests()) == 2
        assert not (folder / f"{FILE}-wal").exists()
        assert not (folder / f"{FILE}-shm").exists()


def _fake_mounts(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What the kernel says of mounts; a real network file system cannot be had here."""
    real = Path.read_text

    def read_text(path: Path, *arguments: Any, **options: Any) -> str:
        return io.StringIO(text).read() if str(path) == "/proc/self/mounts" else real(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", read_text)


# -- clocks ----------------------------------------------------------------------------------------


def test_order_does_not_depend_on_the_clock(tmp_path: Path) -> None:
    """The clock runs backwards, a day a look."""
    days = itertools.count(28, -1)

    def clock() -> str:
        return f"2026-02-{next(days):02}T12:00:00.000000Z"

    with contextlib.closing(Store.open(tmp_path, clock)) as store:
        first = submit(store, created_at=store.now())
        job = store.jobs(first.id)[0]
        job = store.update(job, state=State.RUNNING, code=StatusCode.EXECUTING)
        job = store.update(job, state=State.SUCCEEDED, code=StatusCode.SUCCEEDED)
        second = submit(store, created_at=store.now())
        assert [one.id for one in store.requests()] == [second.id, first.id]
        assert [event.code for event in store.timeline(job.id)] == ["executing", "succeeded"]
        assert [event.revision for event in store.follow(0)] == [1, 2, 3, 4]
        assert store.last_jobs()["make"][0].request_id == second.id


def test_code_use_is_saved_once(store: Store) -> None:
    calls: list[int] = []

    def files() -> dict[str, str]:
        calls.append(1)
        return {"a.py": "0"}

    store.save_code_use("digest", files)
    store.save_code_use("digest", files)
    assert calls == [1]
    assert json.loads(store.code_use("digest") or "") == {"a.py": "0"}
    assert store.code_use("other") is None
