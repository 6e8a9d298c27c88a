"""Who runs the program and where their files go, with whatever the environment says of it."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

import pytest

from jupyter_pipeline import person
from jupyter_pipeline.errors import InvalidConfig


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user of whom neither system nor environment knows anything; the folder for temporary files."""

    def fail(_: object) -> None:
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", fail)
    for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME", "XDG_CACHE_HOME", person.ENV_CACHE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_someone_without_a_name_is_known_by_number(unknown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.name() == f"uid {os.geteuid()}"
    monkeypatch.setenv("LOGNAME", "ann")
    assert person.name() == "ann"


def test_a_name_that_is_no_text_can_be_kept_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ren\udce9")
    assert person.name() == "ren?"


def test_a_home_is_an_absolute_path(unknown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.home() is None
    for useless in ("", "here"):
        monkeypatch.setenv("HOME", useless)
        assert person.home() is None
    monkeypatch.setenv("HOME", "/somewhere")
    assert person.home() == Path("/somewhere")


def test_what_the_system_knows_stands_in_for_a_useless_home(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Path(pwd.getpwuid(os.getuid()).pw_dir)
    monkeypatch.setenv("HOME", "here")
    assert person.home() == known
    person.ensure_home()
    assert os.environ["HOME"] == str(known)
    monkeypatch.delenv("HOME")
    person.ensure_home()
    assert "HOME" not in os.environ  # libraries find it as we do


def test_a_home_that_was_given_is_a_private_folder_and_nobodys_own(unknown: Path) -> None:
    try:
        person.ensure_home()
        given = Path(os.environ["HOME"])
    finally:
        os.environ.pop("HOME", None)
    assert given.parent == unknown
    assert given.stat().st_mode & 0o777 == 0o700
    os.environ["HOME"] = str(given)
    try:
        assert person.home() is None
        assert person.cache() == given / "cache"
        assert person.is_temporary(person.cache())
    finally:
        del os.environ["HOME"]


@pytest.mark.parametrize("how", ["file", "link", "open"])
def test_a_private_folder_that_is_not_private_is_refused(unknown: Path, how: str) -> None:
    place = unknown / f"jupyter-pipeline-{os.geteuid()}"
    if how == "file":
        place.touch(mode=0o600)
    elif how == "link":
        place.symlink_to(unknown)
    else:
        place.mkdir()
        place.chmod(0o770)
    with pytest.raises(InvalidConfig) as caught:
        person.cache()
    assert person.ENV_CACHE in caught.value.remedy


def test_no_folder_for_temporary_files(unknown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(unknown / "absent"))
    with pytest.raises(InvalidConfig, match="no folder for this program's own files"):
        person.cache()


def test_where_caches_are(unknown: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert person.cache() == tmp_path / "home/.cache/jupyter_pipeline"
    assert person.has_caches()
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))  # where not even root can make a folder
    assert person.is_temporary(person.cache())
    assert not person.has_caches()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert person.cache() == tmp_path / "xdg/jupyter_pipeline"
    monkeypatch.setenv(person.ENV_CACHE, str(tmp_path / "own"))
    assert person.cache() == tmp_path / "own"


def test_a_cache_that_may_only_be_read_is_used(unknown: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in an image that was made for many users."""
    cache = tmp_path / "home/.cache/jupyter_pipeline"
    cache.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(person, "can_write", lambda _: False)
    assert person.cache() == cache


def test_whose_home_a_tilde_is(unknown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.expanded("state", "a/~") == Path("a/~")
    with pytest.raises(InvalidConfig, match="state = '~/x' names a home that is not known here"):
        person.expanded("state", "~/x")
    monkeypatch.setenv("HOME", "/somewhere")
    assert person.expanded("state", "~/x") == Path("/somewhere/x")


def test_a_folder_for_sockets_has_room_for_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("d" * 100)
    long.mkdir()
    for base, parent in ((str(long), Path("/tmp")), ("/tmp", Path("/tmp")), ("/not/there", tmp_path)):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        folder = Path(person.short_folder("jp-", 1, base))
        assert folder.parent == parent
        folder.rmdir()
    folder = Path(person.short_folder("jp-", 107 - len("/tmp/jp-12345678"), "/tmp"))
    name = f"{folder}/{'s' * (106 - len(str(folder)))}"
    assert len(name) == 107
    with socket.socket(socket.AF_UNIX) as longest:
        longest.bind(name)
    Path(name).unlink()
    folder.rmdir()


def test_where_programs_cannot_run() -> None:
    mounts = [line.split(" ")[1:4] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    forbidding = {place for place, _, options in mounts if "noexec" in options.split(",")}
    assert "/proc" in forbidding or not forbidding
    assert person.forbids_programs(Path("/proc/nobody/at/home")) == ("/proc" in forbidding)
    assert not person.forbids_programs(Path("/usr/nothing/of/that/name"))
