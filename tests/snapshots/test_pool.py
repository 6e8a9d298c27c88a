"""Snapshots of the code: what they hold, that they are what was hashed, and that nothing half-made is ever used."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from jupyter_pipeline.errors import InvalidRequest, SnapshotFailed
from jupyter_pipeline.snapshots import pool, trees
from jupyter_pipeline.snapshots.pool import (
    Code,
    materialize,
    prune,
    scan,
    scan_commit,
)

ME = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost")
OLD = 1_500_000_000
NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def run_git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *ME, *arguments], cwd=folder, check=True, capture_output=True)


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def content(tree: Path) -> dict[str, str]:
    """Every file and link below a folder, read by other means than the code's own."""
    found = {}
    for folder, folders, names in os.walk(tree):
        for name in names + [name for name in folders if (Path(folder) / name).is_symlink()]:
            path = Path(folder) / name
            text = f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
            found[str(path.relative_to(tree))] = text
    return found


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "study"
    write(root, {"analysis/a.py": "a = 1", "analysis/b.py": "b = 2", "codelists/c.csv": "code"})
    return root


@pytest.fixture
def state(root: Path) -> Path:
    return root / ".jupyter_pipeline"


# -- what is code ----------------------------------------------------------------------------------


def test_scan_gives_hashes_sizes_and_modes(root: Path, state: Path) -> None:
    (root / "run.sh").write_text("#!/bin/sh")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("../elsewhere")
    code = scan(root, state)
    assert list(code.files) == ["analysis/a.py", "analysis/b.py", "codelists/c.csv", "link", "run.sh"]
    assert code.files["analysis/a.py"].sha256 == hashlib.sha256(b"a = 1").hexdigest()
    assert code.files["analysis/a.py"].size == 5
    assert [code.files[path].mode for path in ("link", "run.sh", "codelists/c.csv")] == ["l", "x", "f"]
    assert code.files["link"].target == "../elsewhere"
    assert code.hashes["link"] == "link:../elsewhere"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "analysis/a.py").write_text("a = 2"),
        lambda root: (root / "analysis/a.py").rename(root / "analysis/z.py"),
        lambda root: (root / "analysis/a.py").chmod(0o755),
        lambda root: (root / "new.py").write_text(""),
        lambda root: (root / "analysis/a.py").unlink(),
        lambda root: [(root / "analysis/a.py").unlink(), (root / "analysis/a.py").symlink_to("a = 1")],
    ],
    ids=["edited", "renamed", "executable", "new", "deleted", "now a link"],
)
def test_every_change_changes_the_id(root: Path, state: Path, change: Callable[[Path], Any]) -> None:
    before = scan(root, state).id
    change(root)
    assert scan(root, state).id != before


def test_the_id_depends_on_nothing_but_the_code(root: Path, state: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "copy")
    os.utime(root / "analysis/a.py", (OLD, OLD))
    assert scan(tmp_path / "copy", tmp_path / "state").id == scan(root, state).id


def test_what_is_no_code_is_left_out(root: Path, tmp_path: Path) -> None:
    state = root / "our state"
    before = scan(root, state).files.keys()
    noise = ["metadata/a.log", "analysis/__pycache__/a.pyc", ".ipynb_checkpoints/n.ipynb", ".jupyter_pipeline/x"]
    noise += ["env/pyvenv.cfg", "env/lib/x.py", "conda/conda-meta/history", "conda/x.py", "node_modules/m/x.js"]
    write(root, dict.fromkeys([*noise, "our state/x"], "x"))
    assert scan(root, state).files.keys() == before
    run_git(root, "init", "-q")
    assert scan(root, state).files.keys() == before
    # Also where somebody has committed it; the commit follows the same rules.
    run_git(root, "add", "-f", ".")
    run_git(root, "commit", "-q", "-m", "all")
    assert scan(root, state).files.keys() == before
    assert scan_commit(root, state, "HEAD").files.keys() == before


def test_outputs_are_no_code_but_named_files_are(root: Path, state: Path) -> None:
    write(root, {"output/a.csv": "1", "output/dummy.csv": "2", ".gitignore": "*.csv\n"})
    run_git(root, "init", "-q")
    (root / "output/kept.txt").write_text("3")
    code = scan(root, state, lambda path: path.startswith("output/"), extra=["output/dummy.csv", "./codelists/c.csv"])
    assert list(code.files) == [".gitignore", "analysis/a.py", "analysis/b.py", "codelists/c.csv", "output/dummy.csv"]


def test_a_named_file_that_is_missing_is_not_made_up(root: Path, state: Path) -> None:
    assert scan(root, state, extra=["dummy.csv"]).id == scan(root, state).id


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "analysis/../../secret", "linked/secret"])
def test_a_named_file_outside_the_project_is_refused(root: Path, state: Path, path: str) -> None:
    write(root.parent, {"secret": "s"})
    (root / "linked").symlink_to("..")
    with pytest.raises(SnapshotFailed, match=r"secret|passwd"):
        scan(root, state, extra=[path])


def test_links_are_never_followed(root: Path, state: Path) -> None:
    write(root.parent, {"outside/secret.py": "s"})
    run_git(root, "init", "-q")
    write(root, {"lib/secret.py": "mine"})
    run_git(root, "add", ".")
    shutil.rmtree(root / "lib")
    (root / "lib").symlink_to("../outside")
    code = scan(root, state)
    assert "lib/secret.py" not in code.files
    assert content(materialize(code, root, state))["lib"] == "-> ../outside"


@pytest.mark.parametrize("has_git", [False, True])
def test_odd_names_are_kept_and_made(root: Path, state: Path, has_git: bool) -> None:
    names = ["a b.py", "new\nline.py", '"q".py', "é.py", os.fsdecode(b"\xff.py"), "-n", "back\\slash", "tab\t"]
    write(root, {name: name.encode(errors="replace").decode() for name in names})
    if has_git:
        run_git(root, "init", "-q")
    code = scan(root, state)
    assert set(names) <= code.files.keys()
    assert scan(root, state) == code
    assert set(names) <= content(materialize(code, root, state)).keys()


def test_sockets_pipes_and_devices_are_passed_over(root: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = scan(root, state)
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert scan(root, state) == before
        run_git(root, "init", "-q")
        assert scan(root, state) == before


def test_a_pipe_in_the_place_of_a_tracked_file_does_not_hold_us_up(root: Path, state: Path) -> None:
    run_git(root, "init", "-q")
    run_git(root, "add", ".")
    (root / "analysis/a.py").unlink()
    os.mkfifo(root / "analysis/a.py")
    assert "analysis/a.py" not in scan(root, state).files


@NOT_ROOT
@pytest.mark.parametrize("has_git", [False, True])
@pytest.mark.parametrize("path", ["analysis/a.py", "analysis"])
def test_what_may_not_be_read_is_named(root: Path, state: Path, path: str, has_git: bool) -> None:
    if has_git:
        run_git(root, "init", "-q")
    (root / path).chmod(0)
    try:
        with pytest.raises(SnapshotFailed, match=rf"{path}.*readable"):
            scan(root, state)
    finally:
        (root / path).chmod(0o755)


# -- the cache -------------------------------------------------------------------------------------


def test_a_change_that_keeps_size_and_time_is_seen(root: Path, state: Path) -> None:
    file = root / "analysis/a.py"
    before = scan(root, state).id
    info = file.stat()
    file.write_text("a = 7")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert scan(root, state).id != before


def test_unchanged_files_are_not_read_again_but_fresh_ones_are(
    root: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("analysis/a.py", "analysis/b.py", "codelists/c.csv"):
        os.utime(root / path, (OLD, OLD))
    read: list[str] = []
    opened = trees.opened

    def opened_and_noted(full: str) -> Any:
        read.append(Path(full).name)
        return opened(full)

    monkeypatch.setattr("jupyter_pipeline.snapshots.pool.opened", opened_and_noted)
    first = scan(root, state)
    assert sorted(read) == ["a.py", "b.py", "c.csv"]
    # Changed within the clock's margin of the scan, they could have changed once more without looking it.
    read.clear()
    assert scan(root, state) == first
    assert sorted(read) == ["a.py", "b.py", "c.csv"]
    # Ten minutes later they are trusted.
    clock = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: clock() + 600 * 10**9)
    scan(root, state)
    read.clear()
    assert scan(root, state) == first
    assert read == []
    (root / "analysis/b.py").write_text("b = 3")
    assert scan(root, state) != first
    assert read == ["b.py"]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\n[]", b"0" * 64 + b"\n[1,2,3,4]", None])
def test_a_damaged_cache_is_made_anew(root: Path, state: Path, damage: bytes | None) -> None:
    expected = scan(root, state)
    file = state / "code/stat.json"
    damaged = file.read_bytes().replace(b"a", b"b") if damage is None else damage
    file.write_bytes(damaged)
    assert scan(root, state) == expected
    assert file.read_bytes() != damaged


def test_a_cache_of_another_project_is_not_believed(root: Path, tmp_path: Path) -> None:
    scan(root, tmp_path / "state")
    shutil.copytree(root, tmp_path / "other")
    (tmp_path / "other/analysis/a.py").write_text("a = 9")
    assert scan(tmp_path / "other", tmp_path / "state").id != scan(root, tmp_path / "state").id


def test_a_file_that_does_not_stop_changing_is_named(root: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.file_digest

    def digest_and_touch(file: Any, name: str) -> Any:
        found = digest(file, name)
        with (root / "analysis/b.py").open("a") as other:
            other.write("#")
        return found

    monkeypatch.setattr(hashlib, "file_digest", digest_and_touch)
    with pytest.raises(SnapshotFailed, match=r"analysis/b\.py keeps changing"):
        scan(root, state)


# -- trees -----------------------------------------------------------------------------------------


def now_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def test_a_tree_holds_exactly_the_code(root: Path, state: Path) -> None:
    write(root, {"output/a.csv": "1", "empty/__init__.py": ""})
    (root / "run.sh").write_text("a = 1")  # the content of a.py, but executable
    (root / "run.sh").chmod(0o700)
    (root / "link").symlink_to("analysis")
    code = scan(root, state, lambda path: path.startswith("output/"))
    tree = materialize(code, root, state)
    assert tree == state / "code/trees" / code.id
    expected = {"analysis/a.py": "a = 1", "analysis/b.py": "b = 2", "codelists/c.csv": "code", "run.sh": "a = 1"}
    assert content(tree) == expected | {"link": "-> analysis", "empty/__init__.py": ""}
    assert [(tree / path).stat().st_mode & 0o777 for path in ("run.sh", "analysis/a.py")] == [0o755, 0o644]


def test_later_edits_do_not_reach_a_tree(root: Path, state: Path) -> None:
    first = scan(root, state)
    tree = materialize(first, root, state)
    (root / "analysis/a.py").write_text("a = 2")
    second = materialize(scan(root, state), root, state)
    assert content(tree)["analysis/a.py"] == "a = 1"
    assert content(second)["analysis/a.py"] == "a = 2"
    assert (tree / "analysis/b.py").samefile(second / "analysis/b.py")
    # What is kept already needs the working tree no more.
    shutil.rmtree(tree)
    assert content(materialize(first, root, state))["analysis/a.py"] == "a = 1"


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_text("a = 2"),
        lambda file: file.unlink(),
        lambda file: [file.unlink(), file.symlink_to("b.py")],
        now_a_pipe,
    ],
    ids=["edited", "deleted", "now a link", "now a pipe"],
)
def test_code_that_changed_since_the_scan_is_refused(root: Path, state: Path, change: Callable[[Path], Any]) -> None:
    code = scan(root, state)
    change(root / "analysis/a.py")
    with pytest.raises(SnapshotFailed, match=r"analysis/a\.py was changed just now.*again"):
        materialize(code, root, state)
    assert list((state / "code/trees").iterdir()) == []


def test_a_tree_that_was_written_into_is_made_anew(root: Path, state: Path) -> None:
    code = scan(root, state)
    tree = materialize(code, root, state)
    expected = content(tree)
    (tree / "analysis/a.py").write_text("a = 6")
    (tree / "analysis/added.py").write_text("")
    assert content(materialize(code, root, state)) == expected
    assert {path.name for path in tree.parent.iterdir()} == {code.id}


def content_of_code(root: Path, code: Code) -> dict[str, str]:
    return {path: (root / path).read_text() for path in code.files}


def test_where_links_run_out_files_are_copied(root: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EMLINK, "Too many links")

    monkeypatch.setattr(os, "link", refuse)
    code = scan(root, state)
    tree = materialize(code, root, state)
    assert content(tree) == content_of_code(root, code)
    assert materialize(code, root, state).stat().st_ino == tree.stat().st_ino
    assert prune(state, [], grace=0) == 2 * sum(file.size for file in code.files.values())


def in_child(act: Callable[[], Any]) -> int:
    """Run `act` in a process of its own; gives its process id."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(line: int) -> Callable[[FrameType, str, Any], Any]:
    """A tracer that kills the process, as kill -9 does, at the n-th line that runs of the module ``trees``."""
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != trees.__file__:
            return None
        left -= event == "line"
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def test_kill_at_any_line_leaves_nothing_that_is_wrong(root: Path, state: Path) -> None:
    (root / "analysis/b.py").unlink()
    code = scan(root, state)
    expected = content_of_code(root, code)
    kills = 0
    for line in range(1, 10_000, 2):

        def act(line: int = line) -> None:
            sys.settrace(killed_at(line))
            materialize(code, root, state)

        status = ended(in_child(act))
        tree = state / "code/trees" / code.id
        assert not tree.exists() or content(tree) == expected
        if status == 0:
            break
        assert status == -signal.SIGKILL
        kills += 1
        if line % 10 == 1:
            assert content(materialize(code, root, state)) == expected
        prune(state, [], grace=0)
        assert not any((state / "code/trees").iterdir())
        assert not [path for path in (state / "code/blobs").rglob("*") if path.is_file()]
    assert kills > 60


def test_processes_at_once_agree_on_one_tree(root: Path, state: Path) -> None:
    write(root, {f"many/{number}.py": f"x = {number}" for number in range(100)})
    code = scan(root, state)
    gate, opener = os.pipe()

    def act() -> None:
        os.close(opener)
        os.read(gate, 1)  # until the parent closes its end
        assert content(materialize(code, root, state)) == content_of_code(root, code)

    children = [in_child(act) for _ in range(4)]
    os.close(opener)
    assert [ended(child) for child in children] == [0] * 4
    os.close(gate)
    assert [path.name for path in (state / "code/trees").iterdir()] == [code.id]


def test_threads_may_scan_and_make_trees_at_once(root: Path, state: Path) -> None:
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(materialize(scan(root, state), root, state))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


FULL = """
import sys
from pathlib import Path
from jupyter_pipeline.errors import SnapshotFailed
from jupyter_pipeline.snapshots.pool import materialize, scan
root, state = map(Path, sys.argv[1:])
code = scan(root, state)
try:
    materialize(code, root, state)
except SnapshotFailed as error:
    print(error)
print([path.name for path in state.rglob("*") if path.name.startswith(".") and path != state])
"""


def test_a_full_disk_is_said_and_leaves_nothing_half_made(root: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (root / "large").write_bytes(os.urandom(600_000))
    script = 'mount -t tmpfs -o size=200k none "$1" && exec "$2" -c "$3" "$4" "$1/state"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(disk), sys.executable, FULL, str(root)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no small disk can be made here: {done.stderr}")
    assert "The disk is full" in done.stdout, done.stderr
    assert done.stdout.endswith("[]\n")


# -- commits ---------------------------------------------------------------------------------------


def test_a_commit_is_the_same_code_as_its_clean_working_tree(root: Path, state: Path) -> None:
    (root / "run.sh").write_text("#!/bin/sh")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("analysis/a.py")
    write(root, {"output/a.csv": "1"})
    run_git(root, "init", "-q", "-b", "main")
    run_git(root, "add", ".")
    run_git(root, "commit", "-q", "-m", "first")
    expected = scan(root, state, lambda path: path.startswith("output/"))
    (root / "analysis/a.py").write_text("a = 2")
    code = scan_commit(root, state, "main", lambda path: path.startswith("output/"))
    assert code == expected
    tree = state / "code/trees" / code.id
    assert content(tree)["analysis/a.py"] == "a = 1"
    assert materialize(code, root, state) == tree


def test_an_unknown_commit_is_refused(root: Path, state: Path) -> None:
    run_git(root, "init", "-q")
    with pytest.raises(InvalidRequest):
        scan_commit(root, state, "nothing")


# -- removing --------------------------------------------------------------------------------------


def test_prune_removes_what_no_kept_tree_needs(root: Path, state: Path) -> None:
    first = scan(root, state)
    materialize(first, root, state)
    (root / "analysis/a.py").write_text("a = 1234567")
    second = scan(root, state)
    tree = materialize(second, root, state)
    assert pool.held(state) == pool.KeptCode(trees=2, blobs=4, bytes=5 + 5 + 4 + 11)
    assert prune(state, [second.id], grace=0) == 5
    assert content(tree) == content_of_code(root, second)
    assert pool.held(state) == pool.KeptCode(trees=1, blobs=3, bytes=5 + 4 + 11)
    assert prune(state, [second.id], grace=0) == 0


def test_prune_spares_a_tree_whose_request_is_still_being_made(root: Path, state: Path) -> None:
    code = scan(root, state)
    tree = materialize(code, root, state)
    os.utime(tree, (OLD, OLD))
    materialize(code, root, state)
    assert prune(state, []) == 0
    assert tree.exists()
    os.utime(tree, (OLD, OLD))
    assert prune(state, []) > 0
    assert not tree.exists()


def test_prune_and_held_of_nothing(state: Path) -> None:
    assert pool.held(state) == pool.KeptCode(0, 0, 0)
    assert prune(state, []) == 0
