"""Puts ``protection`` into a running Jupyter server: what it says no to is not handed out by the server's own routes.

Four places are guarded. The contents manager and its checkpoints, whose one function from names to paths all routes
use; listings, which leave out what is protected; folders, which are not copied, moved or deleted while they hold any of
it; and the handlers of files, which read the disk themselves. What is read is judged once more when it is open: what
took its place since the first look is not handed out. Before all handlers stands ``request_filter``, for those of other
extensions, which open files as they like. A process of the same person, such as a kernel or a terminal, reads every
file without asking here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import AuthenticatedFileHandler, JupyterHandler
from jupyter_server.files.handlers import FilesHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.filecheckpoints import FileCheckpoints
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager, FileContentsManager
from jupyter_server.utils import url_path_join
from tornado.routing import AnyMatches, PathMatches, Rule
from tornado.web import HTTPError, RequestHandler

from ..protection import CHANGED, Protection, moment
from .request_filter import EarlyRouter

_CHECKPOINTS = ".ipynb_checkpoints"
_INTERMEDIATE, _INVALID = ".~", ".invalid"
"""What Jupyter puts before or after a file's name for what it writes beside it (jupyter_server: contents/fileio.py)."""

PIECE = 64 * 1024
"""Bytes of a file that are sent at once."""


def install(serverapp: ServerApp, protection: Protection) -> None:
    """Guard a server whose handlers are in place. Nothing is done twice.

    A contents manager that is not one of files is left as it is, and the log says so; then `is_installed` stays False.
    """
    if is_installed(serverapp):
        return
    for manager in _managers(serverapp):
        if isinstance(manager, FileContentsManager):
            _guard(manager, protection)
        else:
            serverapp.log.warning(
                "jupyter_pipeline cannot guard outputs: the contents manager %s does not keep files in a folder.",
                type(manager).__name__,
            )
    manager = serverapp.web_app.settings["contents_manager"]
    rules = [Rule(AnyMatches(), EarlyRouter(serverapp.web_app, protection, manager.root_dir))]
    for pattern, handler, *more in manager.get_extra_handlers():
        settings = more[0] if more else {}
        folder = str(settings.get("path", manager.root_dir))
        rules.append(
            Rule(
                PathMatches(url_path_join(serverapp.base_url, pattern)),
                _guarded_handler(handler, protection, folder),
                settings,
            )
        )
    # Rules that are added the usual way come after those of the extensions that were loaded before.
    serverapp.web_app.default_router.rules[:0] = rules


def is_installed(serverapp: ServerApp) -> bool:
    """Whether the guard stands in the chain now: in the very objects that handlers use, and before all other rules."""
    rules = serverapp.web_app.default_router.rules
    if not rules or not isinstance(rules[0].target, EarlyRouter):
        return False
    managers = _managers(serverapp)
    extra = managers[0].get_extra_handlers()
    handlers = [rule.target for rule in rules[1 : 1 + len(extra)]]
    return (
        all(isinstance(each, _Manager) and isinstance(each.checkpoints, _Checkpoints) for each in managers)
        and len(handlers) == len(extra)
        and all(isinstance(each, type) and issubclass(each, _Handler) for each in handlers)
    )


def _managers(serverapp: ServerApp) -> list[Any]:
    """The contents managers that are in use, that of the handlers first: as a rule all the same one."""
    found = [serverapp.web_app.settings["contents_manager"], serverapp.contents_manager]
    found.append(getattr(serverapp.session_manager, "contents_manager", found[0]))
    return list({id(each): each for each in found}.values())


def _guard(manager: FileContentsManager, protection: Protection) -> None:
    """Make a manager and its checkpoints instances of guarded classes: whoever has them goes on using them."""
    if isinstance(manager, _Manager):
        return
    mixin = _AsyncManager if isinstance(manager, AsyncFileContentsManager) else _SyncManager
    if isinstance(manager.checkpoints, FileCheckpoints):
        manager.checkpoints.__class__ = _derived(_Checkpoints, type(manager.checkpoints), protection)
    manager.__class__ = _derived(mixin, type(manager), protection)


def _derived(mixin: type, cls: type, protection: Protection) -> Any:
    return type(f"Guarded{cls.__name__}", (mixin, cls), {"_protection": protection})


# -- the reasons -----------------------------------------------------------------------------------


def refusal(protection: Protection, os_path: str, path: str, opened: os.stat_result | None = None) -> HTTPError | None:
    """The refusal of a file under the name by which it was asked for, or None where nothing speaks against it.

    `opened` is the status of what was opened at `os_path`: then it is about that file, as everything stands now.
    """
    with moment(anew=opened is not None):
        why = protection.reason(Path(os_path), opened)
        for meant in _meant(os_path):
            why = why or protection.reason(Path(meant))
    if why is None:
        return None
    return HTTPError(409 if why == CHANGED else 403, f"{path.strip('/')} may not be viewed. {why}")


def _meant(os_path: str) -> Iterator[str]:
    """The files that Jupyter has copied to this path: a checkpoint, or what is left of a write that failed."""
    folder, name = os.path.split(os_path)
    if os.path.basename(folder) == _CHECKPOINTS:
        stem, kind = os.path.splitext(name)
        folder, name = os.path.dirname(folder), stem.removesuffix("-checkpoint") + kind
        yield os.path.join(folder, name)
    if name.startswith(_INTERMEDIATE):
        yield os.path.join(folder, name.removeprefix(_INTERMEDIATE))
    if name.endswith(_INVALID):
        yield os.path.join(folder, name.removesuffix(_INVALID))


# -- the contents manager --------------------------------------------------------------------------


_listing: ContextVar[str | None] = ContextVar("jupyter_pipeline_listing", default=None)
"""The folder that is being listed."""


class _Manager(FileContentsManager):
    """What managers of both kinds do; in an asynchronous one the methods hand back what is to be awaited."""

    _protection: Protection

    def _get_os_path(self, path: str) -> str:
        """The one way from a name to a file. Raises HTTPError for what is protected."""
        os_path = str(super()._get_os_path(path))  # type: ignore[no-untyped-call]
        error = refusal(self._protection, os_path, path)
        if error is not None:
            raise error
        return os_path

    @contextmanager
    def open(self, os_path: str, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Open a file. Raises HTTPError where what was opened is protected by now."""
        with super().open(os_path, *args, **kwargs) as file:
            path = os.path.relpath(os_path, self.root_dir)
            error = refusal(self._protection, os_path, path, os.fstat(file.fileno()))
            if error is not None:
                raise error
            yield file

    def should_list(self, name: str) -> bool:
        """Leave out what is protected: to refuse it only when it is looked at would break the whole listing."""
        folder = _listing.get()
        if folder is not None and refusal(self._protection, os.path.join(folder, name), name) is not None:
            return False
        return bool(super().should_list(name))  # type: ignore[no-untyped-call]

    def _refuse_folder(self, path: str) -> None:
        """Raises HTTPError for a folder that holds something protected."""
        os_path = self._get_os_path(path.strip("/"))
        why = self._protection.reason_within(Path(os_path)) if os.path.isdir(os_path) else None
        if why is not None:
            raise HTTPError(403, f"{path.strip('/')} may not be copied, moved or deleted as a whole. {why}")

    def copy(self, from_path: str, to_path: str | None = None) -> Any:
        """Copy a file or a folder."""
        self._refuse_folder(from_path)
        return super().copy(from_path, to_path)  # type: ignore[no-untyped-call]

    def rename_file(self, old_path: str, new_path: str) -> Any:
        """Rename a file or a folder."""
        self._refuse_folder(old_path)
        return super().rename_file(old_path, new_path)  # type: ignore[no-untyped-call]

    def delete_file(self, path: str) -> Any:
        """Delete a file or a folder."""
        self._refuse_folder(path)
        return super().delete_file(path)  # type: ignore[no-untyped-call]

    def list_checkpoints(self, path: str) -> Any:
        """The checkpoints of a file: they tell when it was read."""
        self._get_os_path(path.strip("/"))
        return super().list_checkpoints(path)  # type: ignore[no-untyped-call]

    def delete_checkpoint(self, checkpoint_id: str, path: str) -> Any:
        """Delete a checkpoint."""
        self._get_os_path(path.strip("/"))
        return super().delete_checkpoint(checkpoint_id, path)  # type: ignore[no-untyped-call]

    @contextmanager
    def _copying(self, from_path: str, to_path: str) -> Iterator[None]:
        """Raises HTTPError, and takes the copy away, where something in a folder became protected meanwhile."""
        copy = os.path.join(self._get_os_path(os.path.dirname(to_path)), os.path.basename(to_path))
        is_new = not os.path.lexists(copy)
        try:
            yield
        finally:
            try:
                self._refuse_folder(from_path)
            except HTTPError:
                if is_new:
                    shutil.rmtree(copy, ignore_errors=True)
                raise

    @contextmanager
    def _listed(self, path: str) -> Iterator[None]:
        token = _listing.set(self._get_os_path(path))
        try:
            yield
        finally:
            _listing.reset(token)


class _SyncManager(_Manager):
    def get(self, path: str, *args: Any, **kwargs: Any) -> Any:
        with moment():
            return super().get(path, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _dir_model(self, path: str, content: bool = True) -> Any:
        if not content:
            return super()._dir_model(path, content=False)  # type: ignore[no-untyped-call]
        with self._listed(path):
            return super()._dir_model(path)  # type: ignore[no-untyped-call]

    def _copy_dir(self, from_path: str, to_path_original: str, to_name: str, to_path: str) -> Any:
        with self._copying(from_path, to_path):
            return super()._copy_dir(from_path, to_path_original, to_name, to_path)  # type: ignore[no-untyped-call]


class _AsyncManager(_Manager, AsyncFileContentsManager):  # type: ignore[misc]
    async def get(self, path: str, *args: Any, **kwargs: Any) -> Any:
        with moment():
            return await super().get(path, *args, **kwargs)  # type: ignore[no-untyped-call]

    async def _dir_model(self, path: str, content: bool = True) -> Any:
        if not content:
            return await super()._dir_model(path, content=False)  # type: ignore[no-untyped-call]
        with self._listed(path):
            return await super()._dir_model(path)  # type: ignore[no-untyped-call]

    async def _copy_dir(self, from_path: str, to_path_original: str, to_name: str, to_path: str) -> Any:
        with self._copying(from_path, to_path):
            return await super()._copy_dir(from_path, to_path_original, to_name, to_path)


class _Checkpoints(FileCheckpoints):
    """Copies of protected files, made before they were protected, are not told of, restored or moved."""

    _protection: Protection

    def checkpoint_path(self, checkpoint_id: str, path: str) -> str:
        """Where a checkpoint is kept. Raises HTTPError when there is one of a file that is protected now."""
        found = str(super().checkpoint_path(checkpoint_id, path))  # type: ignore[no-untyped-call]
        os_path = os.path.join(os.path.abspath(self.root_dir), path.strip("/"))
        error = refusal(self._protection, os_path, path) if os.path.lexists(found) else None
        if error is not None:
            raise error
        return found


# -- the handlers of files -------------------------------------------------------------------------


class _Handler(JupyterHandler):
    """What a handler of raw files becomes: it looks at the path before it does anything else."""

    _protection: Protection
    _folder: str

    async def prepare(self, **settings: Any) -> None:
        """Raises HTTPError for what is protected; to strangers the server's own handlers say only to log in."""
        prepared: Any = super().prepare(**settings)
        await ensure_async(prepared)
        if self.current_user is None and isinstance(self, AuthenticatedFileHandler | FilesHandler):
            return
        for path in (*self.path_args, *self.path_kwargs.values()):
            # As tornado's StaticFileHandler finds the file.
            os_path = os.path.abspath(os.path.join(self._folder, path))
            error = refusal(self._protection, os_path, path)
            if error is not None:
                raise error

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Generator[bytes, None, None]:
        """The bytes of a file, from its open descriptor. Raises HTTPError where what was opened is protected by now."""
        with open(abspath, "rb") as file:
            path = os.path.relpath(abspath, cls._folder)
            error = refusal(cls._protection, abspath, path, os.fstat(file.fileno()))
            if error is not None:
                raise error
            yield from _pieces(file, start or 0, end)


def _pieces(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    """The bytes of a file from one place to another, piece by piece."""
    file.seek(start)
    while end is None or start < end:
        piece = file.read(PIECE if end is None else min(PIECE, end - start))
        if not piece:
            return
        start += len(piece)
        yield piece


def _guarded_handler(handler: type[RequestHandler], protection: Protection, folder: str) -> Any:
    return type(f"Guarded{handler.__name__}", (_Handler, handler), {"_protection": protection, "_folder": folder})
