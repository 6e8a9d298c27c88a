"""A study with protected files, real Jupyter servers over it, and an extension that reads files in ways of its own.

The extension is loaded into those servers; it installs the guard where the environment says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .fakes import until
from .places import REPOSITORY
from .protected_study import HIDDEN, SECRET, make_study

TOKEN = secrets.token_hex(16)
BASE = "/a%40b/%C3%BC/"


# -- servers ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """What the error says to a person."""
        try:
            return str(json.loads(self.body)["message"])
        except (ValueError, KeyError, TypeError):
            return self.body.decode(errors="replace")


@dataclass
class Server:
    """A running server over a folder that holds one study."""

    root: Path
    port: int
    process: subprocess.Popen[bytes]
    template: Path

    @property
    def study(self) -> Path:
        return self.root / "study"

    def reset(self) -> None:
        """Put the study back as it was."""
        shutil.rmtree(self.root)
        shutil.copytree(self.template, self.root, symlinks=True)
        (self.study / "hard.csv").unlink()
        os.link(self.study / "output/patients.csv", self.study / "hard.csv")

    def ask(
        self, method: str, path: str, body: Any = None, token: str = TOKEN, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request, its path exactly as given, below the base url."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Authorization": f"token {token}", **(headers or {})}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        with contextlib.closing(connection):
            connection.request(method, BASE + path, data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())


def start(folder: Path, guarded: bool, manager: str) -> Server:
    """Start a server over a study in `folder`; wait for it with `ready`."""
    template, root = folder / "template", folder / "root"
    make_study(template / "study")
    shutil.copytree(template, root, symlinks=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "ServerApp": {
            "root_dir": str(root),
            "base_url": BASE,
            "port": port,
            "port_retries": 0,
            "ip": "127.0.0.1",
            "open_browser": False,
            "allow_root": True,
            "terminals_enabled": False,
            "jpserver_extensions": {"tests.helpers.guard_server": True, "jupyterlab": True, "jupyter_pipeline": False},
            "contents_manager_class": f"jupyter_server.services.contents.largefilemanager.{manager}",
        },
        "IdentityProvider": {"token": TOKEN},
        "ContentsManager": {"allow_hidden": True},
        "FileContentsManager": {"delete_to_trash": False, "always_delete_dir": True},
    }
    home = folder / "home"
    (home / "config").mkdir(parents=True)
    (home / "config/jupyter_server_config.json").write_text(json.dumps(settings))
    places = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("config", "runtime", "data")}
    environment = (
        os.environ
        | places
        | {
            "GUARDED": "yes" if guarded else "",
            "JUPYTER_NO_CONFIG": "",
            "HOME": str(home),
            "PYTHONPATH": str(REPOSITORY),
        }
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server"], cwd=home, env=environment, stdout=log, stderr=log
        )
    return Server(root, port, process, template)


def ready(server: Server) -> Server:
    """Wait until a server answers."""
    log = server.root.parent / "log"

    def answers() -> bool:
        assert server.process.poll() is None, log.read_text()
        with contextlib.suppress(OSError):
            return server.ask("GET", "api/status").status == 200
        time.sleep(0.05)
        return False

    until(answers, "the server's answer")
    return server


def stop(server: Server) -> None:
    """End a server that was started here."""
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


# -- what must not come out ------------------------------------------------------------------------

SIGNS = [SECRET.encode(), b64encode(SECRET.encode())[:24]]
SIGNS += [hashlib.sha256(text.encode()).hexdigest().encode() for text in HIDDEN.values()]
"""The protected content itself, in base64, and its checksums."""


def copies(root: Path) -> dict[str, int]:
    """The files below a folder that hold protected content, each with its time."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and SECRET.encode() in path.read_bytes():
            found[str(path.relative_to(root))] = path.stat().st_mtime_ns
    return found


def shows(answer: Answer, tells: bytes = b"") -> bool:
    """Whether an answer gives away protected content, a checksum, a size, or a name in a success."""
    body = answer.body
    if answer.headers.get("Content-Type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"".join(map(archive.read, archive.namelist()))
    is_success = answer.status < 300
    return any(sign in body for sign in SIGNS) or (is_success and bool(tells) and tells in body)


# -- the extension ---------------------------------------------------------------------------------


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    """Handlers that read files on their own, first; then the guard, as an extension that is loaded later would."""
    from .guard_readers import handlers

    serverapp.web_app.add_handlers(".*$", handlers(serverapp.base_url, serverapp.root_dir))
    if os.environ.get("GUARDED"):
        from jupyter_pipeline.protection import Protection
        from jupyter_pipeline.server import contents_guard

        contents_guard.install(serverapp, Protection(Path(serverapp.root_dir)))
        assert contents_guard.is_installed(serverapp)


def running(folder: Path) -> Iterator[dict[str, Server]]:
    """Three servers: one without the guard, and one with it for each kind of contents manager."""
    kinds = {"open": (False, "AsyncLargeFileManager"), "async": (True, "AsyncLargeFileManager")}
    kinds["sync"] = (True, "LargeFileManager")
    servers = {}
    try:
        for name, (guarded, manager) in kinds.items():
            (folder / name).mkdir()
            servers[name] = start(folder / name, guarded, manager)
        for server in servers.values():
            ready(server)
        yield servers
    finally:
        for server in servers.values():
            stop(server)
