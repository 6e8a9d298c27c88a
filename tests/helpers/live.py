"""A real Jupyter server in a process of its own, and those who ask it; every answer is looked through for leaks."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

BASE = "/a%40b/%C3%BC%20x/"
"""A base url that has to be quoted in every way."""
TOKEN = "hush-hush-0123456789abcdef"
DEADLINE = 60.0
API = "jupyter_pipeline/v1"
OTHERS = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook", "notebook_shim")
EXTENSIONS = {"jupyter_pipeline": True} | dict.fromkeys(OTHERS, False)
"""What else may be installed here takes seconds to load, and is nobody's business in these tests."""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    url: str
    """What was asked for, from the host on."""
    status: int
    headers: Mapping[str, str]
    """By name in small letters; of several the last."""
    body: bytes
    cookies: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


class Live:
    """A server; ``ask`` speaks to our routes, ``fetch`` to any."""

    def __init__(
        self,
        home: Path,
        root: Path,
        *options: str,
        config: str = "",
        strict: bool = True,
        apps: Sequence[str] = (),
        port: int | None = None,
        without: bool = False,
        python: Path | None = None,
    ) -> None:
        self.home, self.root = home, root
        self._is_here = not without
        home.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        folders = {name: home / name.lower() for name in ("CONFIG_DIR", "RUNTIME_DIR", "DATA_DIR")}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        (folders["CONFIG_DIR"] / "jupyter_server_config.py").write_text(config)
        extensions = EXTENSIONS | dict.fromkeys(apps, True) | {"jupyter_pipeline": not without}
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY"))}
        self._log = (home / "server.log").open("ab")
        self.process = subprocess.Popen(
            [
                str(python or sys.executable),
                "-m",
                "jupyter_server",
                f"--ServerApp.root_dir={root}",
                f"--ServerApp.base_url={BASE}",
                f"--IdentityProvider.token={TOKEN}",
                f"--ServerApp.port={self.port}",
                "--ServerApp.ip=127.0.0.1",
                "--ServerApp.port_retries=0",
                "--ServerApp.open_browser=False",
                "--ServerApp.allow_root=True",
                f"--ServerApp.allow_unauthenticated_access={not strict}",
                f"--ServerApp.jpserver_extensions={extensions}",
                *options,
            ],
            env=surroundings | {f"JUPYTER_{name}": str(folder) for name, folder in folders.items()},
            cwd=home,
            stdout=self._log,
            stderr=self._log,
            stdin=subprocess.DEVNULL,
        )

    @property
    def log(self) -> str:
        """What the server printed."""
        return (self.home / "server.log").read_text(errors="replace")

    def wait_until_it_answers(self) -> None:
        """Come back when it does; fails with what it printed."""
        deadline = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                found = self.ask("version") if self._is_here else self.fetch("api")
                assert found.status in (200, 403), (found.text, self.log)
                return
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, by its process id."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    # -- asking ------------------------------------------------------------------------------------

    def fetch(
        self,
        path: str,
        method: str = "GET",
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
        timeout: float = DEADLINE,
    ) -> Answer:
        """Ask for a path below the base url, exactly as it is written."""
        sent = dict(headers or {}) | ({"Authorization": f"token {token}"} if token is not None else {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, BASE + path, body, sent)
            found = connection.getresponse()
            names = {name.lower(): value for name, value in found.getheaders()}
            given = [value for name, value in found.getheaders() if name.lower() == "set-cookie"]
            cookies = dict(one.partition(";")[0].split("=", 1) for one in given)
            answer = Answer(BASE + path, found.status, names, found.read(), cookies)
        finally:
            connection.close()
        return self._looked_through(answer)

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        query: Mapping[str, Any] | None = None,
        content: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
    ) -> Answer:
        """Ask one of our routes; `content` is sent as JSON."""
        if content is not None:
            body = json.dumps(content).encode()
        if method in ("POST", "PUT") and body is None:
            body = b""
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return self.fetch(f"{API}/{path}{asked}", method, body=body, headers=headers, token=token)

    def get(self, route: str, /, **query: Any) -> Any:
        """What a route answers, which must be JSON and a success."""
        found = self.ask(route, query=query)
        assert found.status == 200, found.text
        assert found.media == "application/json"
        return found.json

    def raw(self, request: bytes) -> bytes:
        """What comes back for bytes that need not be HTTP."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def _looked_through(self, answer: Answer) -> Answer:
        """No answer tells the token, or where on this machine anything is."""
        told = answer.body.decode("latin-1") + repr(answer.headers)
        for secret in (TOKEN, str(self.home), str(self.root), str(self.home.parent), sys.prefix):
            assert secret not in told, (secret, told[:2000])
        return answer


def assert_problem(answer: Answer, *statuses: int) -> str:
    """An answer that is a problem object of one of these statuses, 4xx by default; its detail."""
    assert answer.status in (statuses or range(400, 500)), (answer.status, answer.text[:500])
    assert answer.media == "application/problem+json", (answer.headers, answer.text[:500])
    found = answer.json
    assert found["status"] == answer.status
    assert found["title"]
    assert isinstance(found["detail"], str)
    assert found["detail"].strip()
    assert found["message"].startswith(found["detail"])
    assert "Traceback" not in answer.text
    return str(found["detail"])


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def live(
    home: Path,
    root: Path,
    *options: str,
    config: str = "",
    strict: bool = True,
    lab: bool = False,
    notebook: bool = False,
    python: Path | None = None,
) -> Iterator[Live]:
    """A server that runs while this lasts; where it is not `strict`, each handler has to ask for a login itself.

    With `lab`, JupyterLab is there too, and with `notebook`, Notebook 7 besides. `python` is that of
    another environment.
    """
    apps = ("jupyterlab",) * (lab or notebook) + ("notebook", "notebook_shim") * notebook
    server = Live(home, root, *options, config=config, strict=strict, apps=apps, python=python)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


def project_id(server: Live, path: str) -> str:
    """The identifier of the project at a path relative to the server's folder."""
    return str(next(one["id"] for one in server.get("projects")["projects"] if one["path"] == path))


def submit(server: Live, project: str, *actions: str, **more: Any) -> Any:
    """A new request's document."""
    made = server.ask(f"projects/{project}/requests", "POST", content={"actions": list(actions), **more})
    assert made.status == 201, made.text
    return made.json


def finished(server: Live, project: str, request: str) -> Any:
    """The document of a request when all its jobs have ended."""
    deadline = time.monotonic() + DEADLINE
    while True:
        found = server.get(f"projects/{project}/requests/{request}")
        if found["status"] not in ("pending", "running"):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def has_begun(server: Live, project: str, job: str) -> bool:
    """Whether a job's command runs."""
    return bool(server.get(f"projects/{project}/jobs/{job}")["code"] == "executing")


def quoted(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
