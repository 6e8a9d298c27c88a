"""Looking at outputs and logs: what the gate lets through, the very bytes, and the record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_pipeline.errors import NotFound, OutputRefused
from jupyter_pipeline.models import Job, ViewKind
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.project.viewing import stand_in
from jupyter_pipeline.rules.levels import LOG_SHOWN
from tests.helpers.support import action, make_project

TABLE = "echo a,b > output/t.csv; echo 1,2 >> output/t.csv"
LONG = "for i in $(seq 2000); do echo line $i of a log; done"


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    actions = action("table", TABLE, t="output/t.csv")
    actions += action("raw", "echo x > output/r.csv", level="highly_sensitive", r="output/r.csv")
    actions += action("patients", "echo patient_id > output/p.csv", p="output/p.csv")
    actions += action("talk", f"{LONG}; echo 1 > output/l.csv", l="output/l.csv")
    found = LocalProject.find(make_project(tmp_path / "study", actions))
    request = found.submit(["run_all"])
    found.attend(request.id, lambda _: None)
    return found


def output_id(project: LocalProject, path: str) -> str:
    return next(one.id for one in project.outputs() if one.file.path == path)


def kinds(project: LocalProject) -> list[ViewKind]:
    return [record.kind for record in project.views()]


def test_what_may_be_seen_is_given_and_recorded(project: LocalProject) -> None:
    shown, data = project.read_output(output_id(project, "output/t.csv"), "ann", detail="rows 1-2")
    assert data == b"a,b\n1,2\n"
    (record,) = project.views()
    assert (record.who, record.kind, record.path, record.detail) == ("ann", "output", "output/t.csv", "rows 1-2")
    assert record.job_id == shown.file.job_id


@pytest.mark.parametrize("path", ["output/r.csv", "output/p.csv"])
def test_what_may_not_be_seen_is_refused_with_the_sentence_of_the_list(project: LocalProject, path: str) -> None:
    found = next(one for one in project.outputs() if one.file.path == path)
    with pytest.raises(OutputRefused) as caught:
        project.read_output(found.id, "ann")
    assert found.answer.reason in str(caught.value)
    assert project.views() == []


def test_a_text_stands_in_for_what_is_withheld_only(project: LocalProject) -> None:
    texts = {one.file.path: stand_in(one.file) for one in project.outputs()}
    assert "patient_id" in (texts["output/p.csv"] or "")
    assert texts["output/r.csv"] is None
    assert texts["output/t.csv"] is None


@pytest.mark.parametrize("change", ["text", "time", "link", "folder", "folder on the way", "gone"])
def test_only_the_very_file_that_was_checked_is_given(project: LocalProject, change: str) -> None:
    place = project.config.root / "output/t.csv"
    status = place.stat()
    if change == "text":  # of the same size and time
        place.write_bytes(b"a,b\n3,4\n")
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        place.touch()
    elif change == "folder on the way":
        place.parent.rename(place.parent.with_name("elsewhere"))
        place.parent.symlink_to("elsewhere")
    else:
        place.unlink()
    if change == "link":
        place.symlink_to("r.csv")
    elif change == "folder":
        place.mkdir()
    with pytest.raises(NotFound):
        project.read_output(output_id(project, "output/t.csv"), "ann")


@pytest.mark.parametrize("name", ["x-0", "0", "-", "", "-0", "a-99", "a-x", "a-²"])
def test_an_output_that_is_not_there(project: LocalProject, name: str) -> None:
    job = project.job("table").id
    with pytest.raises(NotFound):
        project.output(name.replace("a-", f"{job}-"))


def test_only_the_end_of_a_log_may_be_seen(project: LocalProject) -> None:
    job = project.job("talk")
    whole = project.log(job.id).read_bytes()
    part = project.read_log(job, "ann", 0, 1 << 20)
    assert part.start == part.earliest > 0
    assert whole.endswith(part.content)
    assert len(part.content) <= LOG_SHOWN
    assert whole[part.start - 1 : part.start] == b"\n"
    assert (part.after, part.ended) == (len(whole), True)
    assert project.read_log(job, "ann", None, 5).content == whole[-5:]
    assert project.read_log(job, "ann", len(whole) + 7, 5).content == b""


def test_reading_on_in_a_log_is_one_look(project: LocalProject) -> None:
    job = project.job("talk")
    for who in ("ann", "ann", "bob"):
        project.read_log(job, who)
    assert [record.who for record in project.views()] == ["bob", "ann"]


def test_synthetic_data_are_shown_from_when_they_are_asked_for_until_not(project: LocalProject) -> None:
    project.show_synthetic(True, "ann")
    project.show_synthetic(True, "bob")
    assert all(one.answer.allowed for one in project.outputs())
    assert project.read_output(output_id(project, "output/r.csv"), "ann")[1] == b"x\n"
    assert project.read_log(job := project.job("talk"), "ann", 0, 20).content == project.log(job.id).read_bytes()[:20]
    project.show_synthetic(False, "ann")
    assert sum(one.answer.allowed for one in project.outputs()) == 2
    assert kinds(project) == ["synthetic_off", "log", "output", "synthetic_on"]


def test_no_other_backend_has_synthetic_data(tmp_path: Path) -> None:
    root = make_project(tmp_path / "study", action("one", "true"))
    real = LocalProject.find(root, backend="tpp")
    with pytest.raises(OutputRefused, match="not synthetic"):
        real.show_synthetic(True, "ann")
    real.show_synthetic(False, "ann")
    assert real.backends() == ["tpp"]
    assert not real.config.folder.exists()


def test_what_cannot_be_recorded_is_not_shown(project: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jupyter_pipeline.store.database.Store.record_view", fails)
    with pytest.raises(OSError, match="No space"):
        project.read_output(output_id(project, "output/t.csv"), "ann")
    with pytest.raises(OSError, match="No space"):
        project.read_log(project.job("talk"), "ann")


def test_asking_twice_under_one_key_is_asking_once(tmp_path: Path) -> None:
    project = LocalProject.find(make_project(tmp_path / "study", action("one", "true") + action("two", "true")))
    first = project.submit(["one"], key="k", requested_by="ann")
    assert project.submit(["one"], key="k").id == first.id
    assert first.requested_by == "ann"
    with pytest.raises(Exception, match="used for another request"):
        project.submit(["two"], key="k")
    assert len(project.requests()) == 1


def test_jobs_are_paged_by_number(project: LocalProject) -> None:
    everything = project.jobs(100)
    pages: list[tuple[int, Job]] = []
    while page := project.jobs(3, before=pages[-1][0] if pages else None):
        pages += page
    assert pages == everything
    assert [job.action for _, job in project.jobs(10, action="raw")] == ["raw"]
