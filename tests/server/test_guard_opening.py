"""What is published between the guard's look at a file and the opening of it is not handed out either."""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from tornado.web import HTTPError

from jupyter_pipeline.models import Level
from jupyter_pipeline.protection import Protection
from jupyter_pipeline.server import contents_guard
from tests.helpers.protected_study import SECRET, WITHHELD, make_study, record


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path / "root/study")


@pytest.fixture(params=[LargeFileManager, AsyncLargeFileManager])
def manager(request: pytest.FixtureRequest, study: Path) -> Any:
    found = request.param(root_dir=str(study.parent))
    contents_guard._guard(found, Protection(study.parent))
    return found


def answer(made: Any) -> Any:
    """What a method of a manager of either kind gives."""
    return asyncio.run(made) if inspect.iscoroutine(made) else made


def publish(study: Path, name: str, text: str = SECRET) -> None:
    """What an engine does: the history first, then the file in its place."""
    record(study / ".jupyter_pipeline/expectations", {name: (Level.MODERATELY, WITHHELD)})
    (study / "free/part").write_text(text)
    os.replace(study / "free/part", study / name)


def just_before_opening(manager: Any, act: Callable[[], None]) -> None:
    """Have something happen after all looks at the path, as the server is about to open it."""
    permitted = manager.perm_to_403

    @contextmanager
    def late(os_path: str = "") -> Iterator[None]:
        act()
        with permitted(os_path):
            yield

    manager.perm_to_403 = late


@pytest.mark.parametrize("asked", [{}, {"content": False, "require_hash": True}, {"format": "base64", "type": "file"}])
@pytest.mark.parametrize("name", ["output/table.csv", "output/report.ipynb"])
def test_content_that_is_published_before_it_is_opened(
    manager: Any, study: Path, name: str, asked: dict[str, Any]
) -> None:
    assert answer(manager.get(f"study/{name}", **asked))
    just_before_opening(manager, lambda: publish(study, name))
    with pytest.raises(HTTPError) as refused:
        answer(manager.get(f"study/{name}", **asked))
    assert refused.value.status_code == 403
    assert WITHHELD in str(refused.value.log_message)


def test_a_file_that_takes_the_place_of_what_was_looked_at(manager: Any, study: Path) -> None:
    def link() -> None:
        (study / "free/note.txt").unlink()
        os.link(study / "output/patients.csv", study / "free/note.txt")

    assert answer(manager.get("study/free/note.txt"))["content"] == "mine\n"
    just_before_opening(manager, link)
    with pytest.raises(HTTPError) as refused:
        answer(manager.get("study/free/note.txt"))
    assert refused.value.status_code == 403


def test_a_file_that_is_replaced_as_it_is_opened(manager: Any, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fstat = os.fstat

    def late(descriptor: int) -> os.stat_result:
        (study / "free/part").write_text("another")
        os.replace(study / "free/part", study / "free/note.txt")
        return fstat(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr("jupyter_pipeline.server.contents_guard.os.fstat", late)
        with pytest.raises(HTTPError) as refused:
            answer(manager.get("study/free/note.txt"))
    assert refused.value.status_code == 409
    assert "Ask for it again" in str(refused.value.log_message)
    assert answer(manager.get("study/free/note.txt"))["content"] == "another"


def test_a_folder_in_which_something_is_published_while_it_is_copied(
    manager: Any, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (study / "tables").mkdir()
    (study / "tables/a.csv").write_text("1")
    copytree = shutil.copytree

    def late(*arguments: Any, **more: Any) -> Any:
        publish(study, "tables/a.csv")
        return copytree(*arguments, **more)

    assert answer(manager.copy("study/tables", "study/free"))
    assert (study / "free/tables/a.csv").read_text() == "1"
    shutil.rmtree(study / "free/tables")
    monkeypatch.setattr(shutil, "copytree", late)
    with pytest.raises(HTTPError) as refused:
        answer(manager.copy("study/tables", "study/free"))
    assert refused.value.status_code == 403
    assert not (study / "free/tables").exists()


# -- the handlers of files -------------------------------------------------------------------------


@pytest.fixture
def handler(study: Path) -> Any:
    return contents_guard._guarded_handler(AuthenticatedFileHandler, Protection(study.parent), str(study.parent))


def test_a_raw_file_that_is_published_before_it_is_opened(handler: Any, study: Path) -> None:
    path = study / "output/table.csv"
    assert b"".join(handler.get_content(str(path))) == path.read_bytes()
    content = handler.get_content(str(path))
    publish(study, "output/table.csv")
    with pytest.raises(HTTPError) as refused:
        next(content)
    assert refused.value.status_code == 403


@pytest.mark.parametrize(("start", "end"), [(None, None), (0, 3), (2, None), (70_000, 140_000), (200_000, None)])
def test_ranges_are_what_tornado_gives(handler: Any, study: Path, start: int | None, end: int | None) -> None:
    path = study / "free/long.bin"
    path.write_bytes(bytes(number % 251 for number in range(150_000)))
    own = AuthenticatedFileHandler.get_content(str(path), start, end)
    assert b"".join(handler.get_content(str(path), start, end)) == b"".join(own)
