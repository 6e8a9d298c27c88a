"""What git says of a project, asked of real repositories."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from jupyter_pipeline import person
from jupyter_pipeline.errors import InvalidRequest, SnapshotFailed
from jupyter_pipeline.snapshots import git

ME = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost", "-c", "protocol.file.allow=always")


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *ME, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def write(folder: Path, **files: str) -> None:
    for path, text in files.items():
        file = folder / path.replace("__", "/").replace("_py", ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings and the surrounding repository of whoever runs the tests do not matter."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    run(folder, "init", "-q", "-b", "main")
    write(folder, README="hello", study__a_py="a = 1", study__b_py="b = 2")
    run(folder, "add", ".")
    run(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_folder_without_repository_has_no_head(tmp_path: Path) -> None:
    assert git.head(tmp_path) is None
    assert git.code_files(tmp_path) is None


def test_without_git_there_is_no_head(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert git.head(repository) is None
    assert git.code_files(repository) is None
    assert git.user_name(repository) is None
    with pytest.raises(InvalidRequest):
        git.resolve(repository, "main")


def test_head_gives_commit_and_branch(repository: Path) -> None:
    assert git.head(repository) == git.Head(run(repository, "rev-parse", "HEAD"), "main", dirty=False)
    run(repository, "checkout", "-q", "--detach")
    head = git.head(repository)
    assert head is not None
    assert head.branch is None


def test_head_before_the_first_commit(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "-b", "main")
    assert git.head(tmp_path) == git.Head(None, "main", dirty=False)


@pytest.mark.parametrize("change", ["study__a_py", "study__new_py"])
def test_an_edit_or_a_new_file_makes_the_project_dirty(repository: Path, change: str) -> None:
    write(repository, **{change: "changed"})
    head = git.head(repository / "study")
    assert head is not None
    assert head.dirty


def test_files_that_differ_are_named_as_seen_from_the_project(repository: Path) -> None:
    write(repository, study__a_py="changed", README="changed", **{"study__new folder__one": "1"})
    (repository / "study/b.py").unlink()
    (repository / "study/a ü\n.py").write_text("odd")
    run(repository, "add", "study/a ü\n.py")
    head = git.head(repository / "study")
    assert head is not None
    assert head.changed == ("a ü\n.py", "a.py", "b.py", "new folder/")


def test_files_of_a_merge_that_failed_are_named(repository: Path) -> None:
    run(repository, "checkout", "-q", "-b", "other")
    write(repository, study__a_py="a = 3")
    run(repository, "commit", "-qam", "theirs")
    run(repository, "checkout", "-q", "main")
    write(repository, study__a_py="a = 2")
    run(repository, "commit", "-qam", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        run(repository, "merge", "-q", "other")
    head = git.head(repository / "study")
    assert head is not None
    assert head.changed == ("a.py",)


def test_changes_beside_the_project_and_our_own_state_do_not_make_it_dirty(repository: Path) -> None:
    write(repository, README="changed")
    (repository / "study/.jupyter_pipeline").mkdir()
    (repository / "study/.jupyter_pipeline/store").write_text("x")
    head = git.head(repository / "study")
    assert head is not None
    assert not head.dirty


def test_a_repository_that_ignores_the_project_says_nothing_of_it(repository: Path) -> None:
    (repository / ".gitignore").write_text("scratch/\n")
    write(repository, scratch__a_py="a")
    assert git.head(repository / "scratch") is None
    assert git.code_files(repository / "scratch") is None


def test_code_files_are_the_tracked_and_the_untracked_but_not_the_ignored_or_deleted(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.csv\n")
    write(repository, study__new_py="new")
    (repository / "study/big.csv").write_text("1")
    (repository / "study/b.py").unlink()
    (repository / "study/dangling").symlink_to("nowhere")
    assert sorted(git.code_files(repository) or []) == [
        *(".gitignore", "README", "study/a.py", "study/dangling", "study/new.py")
    ]
    assert sorted(git.code_files(repository / "study") or []) == ["a.py", "dangling", "new.py"]


def test_odd_names_come_as_they_are(repository: Path) -> None:
    names = ["a b.py", "new\nline.py", '"quoted".py', "é.py", os.fsdecode(b"\xff\xfe.py"), "-dash.py", ":colon.py"]
    for name in names:
        (repository / "study" / name).write_text("x")
    assert set(names) <= set(git.code_files(repository / "study") or [])
    run(repository, "add", ".")
    run(repository, "commit", "-q", "-m", "odd")
    assert set(names) <= {path for path, _, _ in git.export(repository / "study", "HEAD")}


def test_a_file_in_a_merge_conflict_is_listed_once(repository: Path) -> None:
    for branch, text in (("one", "a = 10"), ("two", "a = 20")):
        run(repository, "checkout", "-q", "-b", branch, "main")
        write(repository, study__a_py=text)
        run(repository, "commit", "-q", "-a", "-m", branch)
    with pytest.raises(subprocess.CalledProcessError):
        run(repository, "merge", "one")
    assert (git.code_files(repository) or []).count("study/a.py") == 1


def test_submodules_and_nested_repositories_are_left_out(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q")
    write(other, x_py="x")
    run(other, "add", ".")
    run(other, "commit", "-q", "-m", "x")
    run(repository, "submodule", "add", "-q", str(other), "module")
    run(repository, "clone", "-q", str(other), "clone")
    run(repository, "commit", "-q", "-m", "module")
    assert sorted(git.code_files(repository) or []) == [".gitmodules", "README", "study/a.py", "study/b.py"]
    assert {path for path, _, _ in git.export(repository, "HEAD")} == set(git.code_files(repository) or [])


def test_export_gives_the_commit_whatever_lies_in_the_folder(repository: Path) -> None:
    (repository / "study/tool").write_text("#!/bin/sh")
    (repository / "study/tool").chmod(0o755)
    (repository / "study/link").symlink_to("a.py")
    (repository / "study/large").write_bytes(bytes(range(256)) * 4000)
    run(repository, "add", ".")
    run(repository, "commit", "-q", "-m", "more")
    write(repository, study__a_py="edited")
    found = {path: (mode, content) for path, mode, content in git.export(repository / "study", "HEAD")}
    assert found == {
        "a.py": (git.REGULAR, b"a = 1"),
        "b.py": (git.REGULAR, b"b = 2"),
        "tool": (git.EXECUTABLE, b"#!/bin/sh"),
        "link": (git.LINK, b"a.py"),
        "large": (git.REGULAR, bytes(range(256)) * 4000),
    }
    assert {path for path, _, _ in git.export(repository / "study", "HEAD~1")} == {"a.py", "b.py"}


def test_export_says_when_the_repository_lacks_a_content(repository: Path) -> None:
    blob = run(repository, "rev-parse", "HEAD:study/a.py")
    (repository / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SnapshotFailed, match=r"study/a\.py"):
        list(git.export(repository, "HEAD"))


def test_resolve_names_the_commit(repository: Path) -> None:
    commit = run(repository, "rev-parse", "HEAD")
    run(repository, "tag", "-a", "v1", "-m", "v1")
    assert {git.resolve(repository, name) for name in ("HEAD", "main", "v1", commit, commit[:10])} == {commit}


@pytest.mark.parametrize("name", ["nothing", "", "-h", "--all", "main\n", "main:README", "a" * 40, "HEAD\0"])
def test_resolve_refuses_what_is_no_commit(repository: Path, name: str) -> None:
    with pytest.raises(InvalidRequest):
        git.resolve(repository, name)


def test_a_repository_of_another_user_is_told_apart_from_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for ask in (git.head, git.code_files):
        with pytest.raises(SnapshotFailed, match=r"another user.*safe\.directory"):
            ask(repository)


@pytest.mark.parametrize("name", ["o'study", "two\nlines", "a b"])
@pytest.mark.parametrize("has_home", [True, False])
def test_how_to_trust_a_repository_of_another_user_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, has_home: bool
) -> None:
    (tmp_path / name).mkdir()
    run(tmp_path / name, "init", "-q")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr(person, "can_write", lambda _: has_home)
    with pytest.raises(SnapshotFailed) as caught:
        git.head(tmp_path / name)
    words = shlex.split(caught.value.remedy.partition(": ")[2])
    if has_home:
        assert words == ["git", "config", "--global", "--add", "safe.directory", str(tmp_path / name)]
        return
    for word in words:
        monkeypatch.setenv(*word.split("=", 1))
    assert git.head(tmp_path / name) is not None


def test_a_damaged_repository_is_told_apart_from_none(repository: Path) -> None:
    (repository / ".git/index").write_bytes(b"not an index")
    with pytest.raises(SnapshotFailed, match="index"):
        git.head(repository)
    with pytest.raises(SnapshotFailed, match="index"):
        git.code_files(repository)


def test_nothing_that_the_repository_configures_is_run(repository: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {trace}\ncat\n")
    program.chmod(0o755)
    (repository / ".git/hooks").mkdir(exist_ok=True)
    (repository / ".git/hooks/post-index-change").symlink_to(program)
    for name in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "core.pager", "diff.external"):
        run(repository, "config", name, str(program))
    run(repository, "config", "filter.evil.required", "true")
    (repository / ".git/info").mkdir(exist_ok=True)
    (repository / ".git/info/attributes").write_text("* filter=evil\n")
    os.utime(repository / "study/a.py", (1, 1))
    head = git.head(repository)
    assert head is not None
    assert not head.dirty
    assert git.code_files(repository)
    assert list(git.export(repository, "HEAD"))
    assert not trace.exists()
    # The trap works: git itself falls into it.
    subprocess.run(["git", "status"], cwd=repository, check=False, capture_output=True)
    assert trace.exists()


def test_the_index_is_not_written(repository: Path) -> None:
    before = (repository / ".git/index").stat().st_mtime_ns
    os.utime(repository / "study/a.py", (1, 1))
    git.head(repository)
    git.code_files(repository)
    assert (repository / ".git/index").stat().st_mtime_ns == before


def test_variables_of_a_hook_do_not_lead_elsewhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    assert git.head(other) is None


def test_the_user_is_the_one_git_knows(repository: Path) -> None:
    assert git.user_name(repository) is None
    run(repository, "config", "user.name", "Ada Lovelace")
    assert git.user_name(repository) == "Ada Lovelace"
