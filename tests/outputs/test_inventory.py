from __future__ import annotations

import hashlib
import os
import random
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline.errors import OutputRefused
from jupyter_pipeline.models import Level, OutputFile, WrittenFile
from jupyter_pipeline.outputs import inventory as outputs
from jupyter_pipeline.outputs.inventory import Inventory, Move, inventory
from jupyter_pipeline.outputs.staging import Baseline, fingerprint, walk
from tests.helpers.support import require

ALL = [("highly_sensitive", "output/*")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "output").mkdir(parents=True)
    return folder


def baseline_of(root: Path) -> Baseline:
    return {path: fingerprint(entry.stat(follow_symlinks=False)) for path, entry in walk(root)}


def written(found: Inventory) -> list[WrittenFile]:
    return [WrittenFile(*entry) for entry in found.files]  # type: ignore[arg-type]


def paths(found: Inventory) -> list[str]:
    return [file.path for file in written(found)]


def facts_of(path: Path, name: str = "output/a.csv", level: str = "moderately_sensitive") -> WrittenFile:
    status = path.lstat()
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    return WrittenFile(name, level, status.st_size, status.st_mtime_ns, status.st_ino, sha)


# -- inventory: what was written -------------------------------------------------------------------


def test_the_facts_of_a_file_that_was_written(root: Path) -> None:
    file = root / "output/a.csv"
    file.write_text("a,b\n1,2\n")
    found = inventory(root, [("moderately_sensitive", "output/*.csv")], None)
    status = file.stat()
    assert written(found) == [
        WrittenFile(
            path="output/a.csv",
            level="moderately_sensitive",
            size=8,
            mtime_ns=status.st_mtime_ns,
            inode=status.st_ino,
            sha256=hashlib.sha256(b"a,b\n1,2\n").hexdigest(),
            rows=1,
            columns=2,
            message=None,
        )
    ]
    assert (found.unmatched, found.unclaimed, found.refused) == ([], [], [])


def test_files_are_in_order_whatever_the_disks(root: Path) -> None:
    for name in random.Random(1).sample([f"{number:03}" for number in range(300)], 300):
        (root / "output" / name).touch()
    found = inventory(root, ALL, None)
    assert paths(found) == [f"output/{number:03}" for number in range(300)]


def test_patterns_that_match_nothing_and_files_that_nothing_matches(root: Path) -> None:
    (root / "output/a.csv").touch()
    (root / "results.csv").touch()
    found = inventory(root, [("highly_sensitive", "output/*.csv"), ("highly_sensitive", "output/b.txt")], None)
    assert found.unmatched == ["output/b.txt"]
    assert found.unclaimed == ["results.csv"]


def test_of_many_unclaimed_files_some_are_named(root: Path) -> None:
    for number in range(200):
        (root / f"{number}.tmp").touch()
    found = inventory(root, ALL, None)
    assert len(found.unclaimed) == outputs.UNCLAIMED_SHOWN
    assert found.unclaimed == sorted(found.unclaimed)
    assert found.unmatched == ["output/*"]


def test_a_pattern_counts_as_matched_by_a_file_that_a_stricter_one_claims(root: Path) -> None:
    (root / "output/a.csv").write_text("patient_id\n1\n")
    found = inventory(root, [("moderately_sensitive", "output/a.csv"), ("highly_sensitive", "output/*")], None)
    assert found.unmatched == []
    assert [(file.level, file.message) for file in written(found)] == [("highly_sensitive", None)]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("moderately_sensitive", "highly_sensitive"), "highly_sensitive"),
        (("highly_sensitive", "moderately_sensitive"), "highly_sensitive"),
        (("moderately_sensitive", "minimally_sensitive"), "minimally_sensitive"),
        (("minimally_sensitive", "highly_sensitive", "moderately_sensitive"), "highly_sensitive"),
        (("moderately_sensitive", "moderately_sensitive"), "moderately_sensitive"),
    ],
)
def test_the_strictest_level_holds_also_for_one_pattern_declared_twice(
    root: Path, levels: Sequence[str], expected: str
) -> None:
    (root / "output/a.csv").touch()
    for patterns in (["output/*.csv", "output/a.*", "*/a.csv"], ["output/a.csv"] * 3):
        declared = list(zip(levels, patterns, strict=False))
        assert [file.level for file in written(inventory(root, declared, None))] == [expected]


def test_only_moderately_sensitive_files_are_checked_for_viewing(root: Path) -> None:
    (root / "output/a.csv").write_text("patient_id\n1\n")
    for level, withheld in (
        ("moderately_sensitive", True),
        ("highly_sensitive", False),
        ("minimally_sensitive", False),
    ):
        (file,) = written(inventory(root, [(level, "output/*")], None))
        assert (file.message is not None) == withheld


@pytest.mark.parametrize(
    ("name", "data", "facts", "words"),
    [
        ("a.csv", b"a,b\n1,2\n", (1, 2), None),
        ("a.csv", b"a\n" + b"1\n" * 5001, (5001, 1), "5001 rows"),
        ("a.csv", b"Patient_ID,b\n1,2\n", (1, 2), "patient_id"),
        ("a.csv", b"\xff\xfe\n", (None, None), "cannot be checked"),
        ("a.csv", b"", (0, 0), None),
        ("a.csv.gz", b"broken", (None, None), "not viewable"),
        ("a.txt", b"hello", (None, None), None),
        ("a.pdf", b"hello", (None, None), "not viewable"),
        ("a", b"", (None, None), "not viewable"),
        ("a.txt", b"x" * (16 * 1024**2 + 1), (None, None), "larger than 16 MB"),
    ],
)
def test_what_withholds_a_file(
    root: Path, name: str, data: bytes, facts: tuple[int | None, int | None], words: str | None
) -> None:
    (root / "output" / name).write_bytes(data)
    (file,) = written(inventory(root, [("moderately_sensitive", "output/*")], None))
    assert (file.rows, file.columns) == facts
    assert (file.message is None) if words is None else (words in (file.message or ""))


def test_only_what_was_written_since_the_baseline_counts(root: Path) -> None:
    for name in ("read", "rewritten", "appended", "touched", "deleted", "replaced", "renamed", "chmodded"):
        (root / "output" / name).write_text("1\n")
        os.utime(root / "output" / name, ns=(10**18, 10**18))
    baseline = baseline_of(root)
    (root / "output/read").read_text()
    (root / "output/rewritten").write_text("2\n")
    os.utime(root / "output/rewritten", ns=(10**18, 10**18))
    with (root / "output/appended").open("a") as file:
        file.write("2\n")
    (root / "output/touched").touch()
    (root / "output/deleted").unlink()
    (root / "output/new").write_text("1\n")
    (root / "output/replacement").write_text("1\n")
    os.replace(root / "output/replacement", root / "output/replaced")
    os.replace(root / "output/renamed", root / "output/elsewhere")
    found = inventory(root, ALL, baseline)
    expected = {"rewritten", "appended", "touched", "new", "replaced", "elsewhere"}
    assert {Path(path).name for path in paths(found)} == expected
    assert inventory(root, ALL, baseline_of(root)).unmatched == ["output/*"]


def test_the_overlays_mark_of_a_deleted_file_is_no_file(root: Path) -> None:
    try:
        os.mknod(root / "output/gone.csv", 0o20000, os.makedev(0, 0))
    except PermissionError:
        require(False, "the right to make a device", left_for="root")
    found = inventory(root, ALL, None)
    assert (paths(found), found.refused, found.unmatched) == ([], [], ["output/*"])


# -- inventory: odd files --------------------------------------------------------------------------


def test_links_to_written_files_become_files(root: Path) -> None:
    (root / "made.csv").write_text("1\n")
    (root / "output/real.csv").write_text("2\n")
    links = {
        "relative.csv": "../made.csv",
        "same.csv": "real.csv",
        "absolute.csv": "/workspace/made.csv",
        "chain.csv": "relative.csv",
    }
    for name, target in links.items():
        (root / "output" / name).symlink_to(target)
    found = inventory(root, ALL, None)
    assert found.refused == []
    assert paths(found) == [f"output/{name}" for name in sorted([*links, "real.csv"])]
    for name in links:
        assert not (root / "output" / name).is_symlink()
        assert (root / "output" / name).read_text() == ("2\n" if name == "same.csv" else "1\n")
    assert not list(root.rglob("*.link"))


@pytest.mark.parametrize(
    "target",
    [
        "/etc/passwd",
        "../../outside.csv",
        "/workspace/../etc/passwd",
        "/workspace/../../outside.csv",
        "/workspace",
        "/workspacefoo/a",
        "nowhere",
        "/workspace/nowhere",
        "..",
        "a.csv",
        "/proc/self/environ",
    ],
)
def test_links_that_lead_elsewhere_are_refused(root: Path, target: str) -> None:
    (root.parent / "outside.csv").write_text("secret")
    (root / "output/a.csv").symlink_to(target)
    found = inventory(root, ALL, None)
    assert paths(found) == []
    assert len(found.refused) == 1
    assert "output/a.csv" in found.refused[0]
    assert target in found.refused[0]
    assert (root / "output/a.csv").is_symlink()


def test_a_link_to_what_was_there_before_is_refused(root: Path) -> None:
    """Otherwise an input could be published again, under another level."""
    (root / "input.csv").write_text("secret")
    baseline = baseline_of(root)
    (root / "output/a.csv").symlink_to("../input.csv")
    found = inventory(root, ALL, baseline)
    assert paths(found) == []
    assert len(found.refused) == 1


def test_a_link_beside_a_file_of_a_similar_name(root: Path) -> None:
    (root / "output/a.csv.link").write_text("1\n")
    (root / "output/a.csv").symlink_to("a.csv.link")
    long = "x" * 251 + ".csv"
    (root / "output" / long).symlink_to("a.csv.link")
    assert paths(inventory(root, ALL, None)) == ["output/a.csv", "output/a.csv.link", f"output/{long}"]
    assert (root / "output/a.csv.link").read_text() == "1\n"


def test_what_is_no_ordinary_file_is_refused(root: Path) -> None:
    os.mkfifo(root / "output/fifo")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(root)
        try:
            server.bind("output/socket")
        finally:
            os.chdir(here)
    (root / "output/link").symlink_to("fifo")
    found = inventory(root, ALL, None)
    assert paths(found) == []
    assert sorted(sentence.split()[0] for sentence in found.refused) == ["output/fifo", "output/link", "output/socket"]


@pytest.mark.parametrize(
    "name", ["a b.csv", "größe.csv", "x\ny.csv", "-rf", "*", "a;b", "\U0001f600.csv", "e\u0301.csv", " "]
)
def test_odd_names_are_kept(root: Path, name: str) -> None:
    (root / "output" / name).write_text("1\n")
    assert paths(inventory(root, ALL, None)) == [f"output/{name}"]


def test_a_name_that_is_not_unicode_is_refused_in_words_that_can_be_stored(root: Path) -> None:
    for name in (b"output/\xff.csv", b"\xfe.csv"):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).touch()
    (root / "output/link").symlink_to(os.fsdecode(b"/\xfd"))
    found = inventory(root, ALL, None)
    assert len(found.refused) == 2
    for words in (*found.refused, *found.unclaimed, *found.unmatched):
        words.encode()


@pytest.mark.parametrize("seconds", [16 * 10**9, 10**10, -(10**9)])
def test_times_fit_into_the_store(root: Path, seconds: int) -> None:
    """SQLite holds integers of 64 bits: as nanoseconds those end in 2262."""
    (root / "output/a.csv").touch()
    os.utime(root / "output/a.csv", (seconds, seconds))
    (file,) = written(inventory(root, ALL, None))
    assert -(2**63) <= file.mtime_ns < 2**63
    assert file.mtime_ns == (root / "output/a.csv").stat().st_mtime_ns, "else it would count as changed by hand"


def test_a_file_that_may_not_be_read_is_refused_and_hides_no_other(root: Path) -> None:
    """An ordinary user cannot read a file whose permissions a job took away."""
    (root / "output/a.csv").touch()
    (root / "output/b.csv").touch(0)
    for place in (root / "output", root, root.parent, root.parent.parent, root.parent.parent.parent):
        place.chmod(0o755)
    inventory(root, ALL, None)  # imports what it needs while the interpreter's own files may surely be read
    child = os.fork()
    if not child:
        code = 1
        try:
            if os.geteuid() == 0:
                for place in (root, root / "output", root / "output/a.csv", root / "output/b.csv"):
                    os.chown(place, 65534, 65534)
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            found = inventory(root, ALL, None)
            made = sorted(paths(found) + [sentence.split()[0] for sentence in found.refused])
            code = 0 if made == ["output/a.csv", "output/b.csv"] else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# -- publishing ------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def make(folder: Path, path: str, text: str = "new\n", mtime: int | None = None) -> WrittenFile:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    if mtime is not None:
        os.utime(file, ns=(mtime, mtime))
    return facts_of(file, path)


def tree(folder: Path) -> dict[str, str]:
    return {path: (folder / path).read_text() for path, _ in walk(folder) if (folder / path).is_file()}


def arrived(project: Path, file: WrittenFile) -> bool:
    status = (project / file.path).lstat()
    return (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)


def test_files_are_moved_into_the_project(project: Path, source: Path) -> None:
    files = [make(source, "output/a.csv"), make(source, "output/deep/er/b.csv")]
    make(source, "unclaimed.csv")
    outputs.publish(project, source, [Move(file, None) for file in files])
    assert tree(project) == {"output/a.csv": "new\n", "output/deep/er/b.csv": "new\n"}
    assert tree(source) == {"unclaimed.csv": "new\n"}
    for file in files:
        assert arrived(project, file)


def test_nothing_to_publish_is_fine(project: Path, source: Path) -> None:
    outputs.publish(project, source, [])
    assert tree(project) == {}


def test_what_is_replaced_is_kept_where_it_is_wanted(project: Path, source: Path, tmp_path: Path) -> None:
    make(project, "output/a.csv", "old\n", mtime=10**18)
    make(project, "output/b.csv", "old\n")
    a, b, c = (make(source, f"output/{name}.csv") for name in "abc")
    keep = tmp_path / "kept"
    outputs.publish(project, source, [Move(a, keep / "output/a.csv"), Move(b, None), Move(c, keep / "output/c.csv")])
    assert tree(project) == {f"output/{name}.csv": "new\n" for name in "abc"}
    assert tree(keep) == {"output/a.csv": "old\n"}
    assert (keep / "output/a.csv").stat().st_mtime_ns == 10**18


def test_publishing_may_be_repeated_after_a_crash_at_any_step(tmp_path: Path) -> None:
    """Each number of steps done before the crash: kept so many, then moved so many."""
    names = ["a", "b", "c"]
    for moved in range(len(names) + 1):
        for kept_more in (False, True):
            base = tmp_path / f"{moved}{kept_more}"
            project, source, keep = base / "project", base / "source", base / "kept"
            source.mkdir(parents=True)
            moves = []
            for name in names:
                make(project, f"output/{name}.csv", "old\n")
                moves.append(Move(make(source, f"output/{name}.csv"), keep / f"output/{name}.csv"))
            (keep / "output").mkdir(parents=True)
            for place, move in enumerate(moves):
                path = move.file.path
                if place < moved or (place == moved and kept_more):
                    os.replace(project / path, keep / path)
                if place < moved:
                    os.replace(source / path, project / path)
            for _ in range(2):
                outputs.publish(project, source, moves)
                assert tree(project) == {f"output/{name}.csv": "new\n" for name in names}
                assert tree(keep) == {f"output/{name}.csv": "old\n" for name in names}
                assert tree(source) == {}


def test_a_file_that_has_vanished_publishes_nothing(project: Path, source: Path) -> None:
    make(project, "output/a.csv", "old\n")
    files = [make(source, "output/a.csv"), make(source, "output/b.csv")]
    (source / "output/b.csv").unlink()
    with pytest.raises(OutputRefused):
        outputs.publish(project, source, [Move(file, None) for file in files[1:] + files[:1]])
    assert tree(project) == {"output/a.csv": "old\n"}
    assert tree(source) == {"output/a.csv": "new\n"}


@pytest.mark.parametrize("later_fails", [False, True])
def test_a_vanished_file_is_not_taken_for_the_old_one(project: Path, source: Path, later_fails: bool) -> None:
    make(project, "output/a.csv", "older\n", 10**18)
    moves = [Move(make(source, "output/a.csv"), None)]
    (source / "output/a.csv").unlink()
    if later_fails:
        make(project, "output/b.csv/folder", "mine\n")
        moves.append(Move(make(source, "output/b.csv"), None))
    before = tree(project)
    with pytest.raises(OutputRefused):
        outputs.publish(project, source, moves)
    assert tree(project) == before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
@pytest.mark.parametrize("mtime", [None, 10**18], ids=["times differ", "times alike"])
def test_all_or_nothing(project: Path, source: Path, tmp_path: Path, order: Sequence[int], mtime: int | None) -> None:
    """The second file cannot be put there. Programs that set times, or copy code with them, make times alike."""
    keep = tmp_path / "kept"
    make(project, "output/a.csv", "old\n", mtime)
    make(project, "output/c.csv", "old\n", mtime)
    make(project, "output/b.csv/folder", "mine\n")
    before = tree(project)
    moves = [Move(make(source, f"output/{name}.csv", "new\n", mtime), keep / f"output/{name}.csv") for name in "abc"]
    made = tree(source)
    with pytest.raises(OutputRefused):
        outputs.publish(project, source, [moves[place] for place in order])
    assert tree(project) == before
    assert tree(source) == made


def test_a_folder_where_a_file_should_be_is_named(project: Path, source: Path) -> None:
    make(project, "output/a.csv/mine")
    with pytest.raises(OutputRefused, match=r"There is a folder of that name.*a\.csv"):
        outputs.publish(project, source, [Move(make(source, "output/a.csv"), None)])


def test_a_file_where_a_folder_should_be_is_refused_and_kept(project: Path, source: Path) -> None:
    make(project, "output", "mine\n")
    with pytest.raises(OutputRefused):
        outputs.publish(project, source, [Move(make(source, "output/a.csv"), None)])
    assert tree(project) == {"output": "mine\n"}


@pytest.mark.parametrize("path", ["output/a.csv", "output/deep/a.csv"])
def test_a_folder_that_is_a_link_out_of_the_project_is_refused_and_left_alone(
    project: Path, source: Path, tmp_path: Path, path: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "output").symlink_to(outside)
    with pytest.raises(OutputRefused, match=r"outside the project.*real folder"):
        outputs.check_folder(project, (project / path).parent)
    with pytest.raises(OutputRefused):
        outputs.publish(project, source, [Move(make(source, path), None), Move(make(source, "b.csv"), None)])
    assert list(outside.iterdir()) == []
    assert "b.csv" not in tree(project)


def test_a_dangling_link_instead_of_a_folder_is_refused(project: Path, source: Path, tmp_path: Path) -> None:
    (project / "output").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputRefused):
        outputs.publish(project, source, [Move(make(source, "output/a.csv"), None)])
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_is_a_link_within_the_project_is_fine(project: Path, source: Path) -> None:
    (project / "results").mkdir()
    (project / "output").symlink_to("results")
    outputs.publish(project, source, [Move(make(source, "output/a.csv"), None)])
    assert (project / "results/a.csv").read_text() == "new\n"


def test_a_file_that_is_a_link_is_replaced_and_its_target_left_alone(
    project: Path, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine\n")
    (project / "output").mkdir()
    (project / "output/a.csv").symlink_to(tmp_path / "mine")
    outputs.publish(project, source, [Move(make(source, "output/a.csv"), tmp_path / "kept/a.csv")])
    assert (tmp_path / "mine").read_text() == "mine\n"
    assert (project / "output/a.csv").read_text() == "new\n"
    assert not (project / "output/a.csv").is_symlink()
    assert os.readlink(tmp_path / "kept/a.csv") == str(tmp_path / "mine")


def mount(folder: Path, *options: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False)
    require(done.returncode == 0, "the right to mount a disk", left_for="root")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Another file system, of four megabytes."""
    folder = tmp_path / "disk"
    mount(folder, "-t", "tmpfs", "-o", "size=4m", "tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("there", [False, True], ids=["from another disk", "to another disk"])
def test_publishing_across_disks_keeps_times_and_leaves_nothing_beside(
    there: bool, disk: Path, source: Path, tmp_path: Path
) -> None:
    project, source = (disk / "project", source) if there else (tmp_path / "project", disk / "source")
    for folder in (project, source):
        folder.mkdir(exist_ok=True)
    make(project, "output/a.csv", "old\n", 10**18)
    files = [make(source, "output/a.csv", mtime=11 * 10**17), make(source, "output/b.csv")]
    keep = source.parent / "kept/output/a.csv"
    moves = [Move(files[0], keep), Move(files[1], None)]
    for _ in range(2):
        outputs.publish(project, source, moves)
        assert tree(project) == {"output/a.csv": "new\n", "output/b.csv": "new\n"}
        assert all(arrived(project, file) for file in files)
        assert keep.read_text() == "old\n"
        assert keep.stat().st_mtime_ns == 10**18


def test_a_disk_that_is_full_publishes_nothing(disk: Path, source: Path) -> None:
    project = disk / "project"
    make(project, "output/a.csv", "old\n")
    files = [
        make(source, "output/a.csv"),
        make(source, "output/big.csv", "x" * 5_000_000),
        make(source, "output/c.csv"),
    ]
    made = tree(source)
    with pytest.raises(OutputRefused, match=r"disk is full.*Free some space"):
        outputs.publish(project, source, [Move(file, None) for file in files])
    assert tree(project) == {"output/a.csv": "old\n"}
    assert tree(source) == made
    (source / "output/big.csv").write_text("small\n")
    again = [facts_of(source / file.path, file.path) for file in files]
    outputs.publish(project, source, [Move(file, None) for file in again])
    assert set(tree(project)) == {"output/a.csv", "output/big.csv", "output/c.csv"}


def test_a_project_that_may_not_be_written_to_is_said(disk: Path, source: Path) -> None:
    project = disk / "project"
    make(project, "output/a.csv", "old\n")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    file = make(source, "output/a.csv")
    with pytest.raises(OutputRefused, match=r"may not be written to.*Make it writable"):
        outputs.publish(project, source, [Move(file, None)])
    assert tree(project) == {"output/a.csv": "old\n"}
    assert tree(source) == {"output/a.csv": "new\n"}


@pytest.mark.parametrize("kind", ["another disk", "another place of the same disk"])
def test_a_folder_of_the_project_may_be_a_mount(project: Path, source: Path, tmp_path: Path, kind: str) -> None:
    """As the volumes of containers are. Between two mounts of one disk files cannot be renamed either."""
    other = tmp_path / "other"
    other.mkdir()
    if kind == "another disk":
        mount(project / "output", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    else:
        mount(project / "output", "--bind", str(other))
    try:
        make(project, "output/a.csv", "old\n")
        file = make(source, "output/a.csv")
        outputs.publish(project, source, [Move(file, tmp_path / "kept/a.csv")])
        assert tree(project) == {"output/a.csv": "new\n"}
        assert (tmp_path / "kept/a.csv").read_text() == "old\n"
        assert arrived(project, file)
    finally:
        subprocess.run(["umount", "-l", project / "output"], check=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    states=st.lists(st.sampled_from(["new", "replaces", "same times", "kept", "done"]), min_size=1, max_size=5),
    blocked=st.one_of(st.none(), st.integers(0, 5)),
)
def test_whatever_was_done_before_publishing_ends_with_all_or_with_nothing_more(
    tmp_path_factory: pytest.TempPathFactory, states: list[str], blocked: int | None
) -> None:
    base = tmp_path_factory.mktemp("publish")
    project, source, keep = base / "project", base / "source", base / "keep"
    for folder in (project, source, keep):
        folder.mkdir()
    moves = []
    for number, state in enumerate(states):
        path = f"output/{number}.csv"
        file = make(source, path, "new\n", 10**18)
        if state in ("replaces", "same times"):
            make(project, path, "old\n", None if state == "replaces" else 10**18)
        if state in ("kept", "done"):
            make(keep, path, "old\n")
        if state == "done":
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / path, project / path)
        moves.append(Move(file, keep / path))
    if blocked is not None:
        make(project, "blocked.csv/folder", "mine\n")
        moves.insert(blocked, Move(make(source, "blocked.csv"), None))
    replaced = [number for number, state in enumerate(states) if state != "new"]
    try:
        outputs.publish(project, source, moves)
    except OutputRefused:
        assert blocked is not None
        for number in replaced:  # whatever stood there is still to be had
            text = (project / f"output/{number}.csv").read_text()
            assert text == "old\n" or (keep / f"output/{number}.csv").exists()
        assert {path.name for (path,) in [(Path(one),) for one in tree(source)]} >= {"blocked.csv"}
        return
    assert blocked is None
    assert tree(project) == {f"output/{number}.csv": "new\n" for number in range(len(states))}
    assert tree(keep) == {f"output/{number}.csv": "old\n" for number in replaced}


# -- what is made no more --------------------------------------------------------------------------


def recorded(file: WrittenFile) -> OutputFile:
    return OutputFile(file.path, "a", "j", "r", Level.HIGHLY, file.size, file.mtime_ns, file.sha256)


def test_what_is_made_no_more_is_removed_and_so_are_folders_that_this_empties(project: Path) -> None:
    files = [recorded(make(project, path)) for path in ("output/a/b/1.csv", "output/a/2.csv", "output/3.csv")]
    make(project, "output/mine.txt")
    assert outputs.remove_obsolete(project, files) == []
    assert tree(project) == {"output/mine.txt": "new\n"}
    assert [path.name for path in (project / "output").iterdir()] == ["mine.txt"]
    assert outputs.remove_obsolete(project, files) == [], "it may be repeated"


def test_what_was_changed_by_hand_stays(project: Path) -> None:
    paths = ["longer.csv", "touched.csv", "replaced.csv", "folder.csv", "gone.csv", "link.csv"]
    files = [recorded(make(project, path, mtime=10**18)) for path in paths]
    (project / "longer.csv").write_text("much longer\n")
    (project / "touched.csv").touch()
    for name in paths[2:]:
        (project / name).unlink()
    (project / "replaced.csv").write_text("own\n")
    (project / "folder.csv").mkdir()
    (project / "link.csv").symlink_to("longer.csv")
    assert outputs.remove_obsolete(project, files) == [
        "longer.csv",
        "touched.csv",
        "replaced.csv",
        "folder.csv",
        "link.csv",
    ]
    assert (project / "longer.csv").read_text() == "much longer\n"
    assert (project / "folder.csv").is_dir()


def test_a_folder_that_has_become_a_file_is_left_alone(project: Path) -> None:
    file = recorded(make(project, "output/a.csv"))
    (project / "output/a.csv").unlink()
    (project / "output").rmdir()
    (project / "output").write_text("mine\n")
    outputs.remove_obsolete(project, [file])
    assert tree(project) == {"output": "mine\n"}


def test_what_may_not_be_removed_stays_and_is_told(project: Path, disk: Path) -> None:
    shown = recorded(make(disk, "a.csv", mtime=10**18))
    (project / "output").symlink_to(disk)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    file = OutputFile("output/a.csv", "a", "j", "r", Level.HIGHLY, shown.size, shown.mtime_ns, shown.sha256)
    assert outputs.remove_obsolete(project, [file]) == ["output/a.csv"]


# -- digests and the manifest ----------------------------------------------------------------------


def test_a_digest_knows_paths_and_contents_but_no_order() -> None:
    one = outputs.digest([("a", "1"), ("b", "2")])
    assert outputs.digest([("b", "2"), ("a", "1")]) == one
    others = [[], [("a", "1")], [("a", "2"), ("b", "1")], [("b", "1"), ("a", "2")], [("a1", ""), ("b", "2")]]
    digests = {one, *(outputs.digest(other) for other in others)}
    assert len(digests) == len(others)
    assert all(len(each) == 32 for each in digests)


def test_an_entry_of_the_manifest_has_the_platforms_keys() -> None:
    file = OutputFile(
        "a.csv", "plot", "j", "r", Level.MODERATELY, 8, 1_600_000_000_500_000_000, "00", 1, 2, "It is large."
    )
    entry = outputs.manifest_entry(file, {"user": "me", "repo": None, "commit": "c"})
    assert entry == {
        "level": "moderately_sensitive",
        "job_id": "j",
        "job_request": "r",
        "action": "plot",
        "user": "me",
        "repo": None,
        "commit": "c",
        "excluded": True,
        "size": 8,
        "timestamp": 1_600_000_000.5,
        "message": "It is large.",
        "content_hash": "00",
        "row_count": 1,
        "col_count": 2,
    }


@pytest.mark.parametrize("mtime", [0, -(10**18), 2**63 - 1, -(2**63)])
def test_any_time_can_stand_in_the_manifest(mtime: int) -> None:
    file = OutputFile("a.csv", "plot", "j", "r", Level.HIGHLY, 8, mtime, "00")
    assert outputs.manifest_entry(file, {})["timestamp"] == pytest.approx(mtime / 1e9)
