"""The client: a process below the shim that makes a container, or attaches to the one that is there, and sees its end.

It writes what the container prints to the job's log, hands on the wish to stop, and leaves a record of the end (END).
A client that is started again finds the container by its name. It never guesses: an end that nobody has seen while the
Engine was there is told as lost.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, ImageNotFound, NotFound
from requests.exceptions import RequestException

from ...errors import ExecutorUnavailable
from ...models import Ending
from ...runtimes import docker
from . import contract
from .attached import TROUBLE, Attached, Waiter
from .contract import Places, Program
from .streams import LogStream
from .usage import Account, AskedAccount, open_account

if TYPE_CHECKING:
    from docker import APIClient

GRACE = 10.0
"""Seconds between asking a container to end and ending it."""
RETURN = 60.0
"""Seconds for which an Engine that does not answer any more is waited for."""
FIRST_LOOK, LONGEST_LOOK = 0.05, 0.4
LAST_WORDS = 2.0
"""Seconds for which the end of a container's stream is waited for, once the container has ended."""
NOT_MOUNTED = "mount"
"""In the record's key ``refused``: the workspace could not be mounted by the Engine; nothing of the job has run."""
FATAL = b"[FATAL tini ("
"""How the first process of a container says that it could not start the command."""
GONE = "Its container is not there any more, so nothing tells how it ended."
STOPPED_ENGINE = "The Docker Engine was stopped while the job ran."


class Lost(Exception):
    """The container's end was not seen; the message says why, as a sentence."""


class EngineRefused(Exception):
    """The container could not be started; the message says why, as a sentence."""


class Client:
    """One container's client."""

    def __init__(
        self, api: APIClient, order: Mapping[str, Any], places: Places, program: Program, log: LogStream
    ) -> None:
        self._api, self._places, self._program, self._log = api, places, program, log
        self._container = order["container"]
        self._name: str = self._container["name"]
        self._resumes = bool(order.get("resumes"))
        self._account: Account | None = None
        self._out_of_memory = False
        self._asked_at = 0.0
        """When somebody wanted it to stop; 0 before that."""
        self._was_killed = False

    def run(self, control: socket.socket | None = None) -> dict[str, Any]:
        """See the container through; the record of its end. Bytes that come through `control` are signals for it."""
        self._control = control
        self._bell, ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._note_stop)
        try:
            code = self._see_through()
            record = self._end(code)
        except Lost as error:
            record = {"ending": Ending.LOST, "exit_code": None, "message": str(error)}
        except EngineRefused as error:
            record = {"ending": Ending.BROKEN, "exit_code": None, "message": str(error)}
        except APIError as error:
            record = self._refused(error)
        except TROUBLE as error:
            record = {"ending": Ending.BROKEN, "exit_code": None, "message": f"The Docker Engine failed: {error}."}
        self._log.close()
        account = self._account
        return record | ({"cpu_time": account.cpu, "peak_memory": account.peak} if account else {})

    # -- beginning ---------------------------------------------------------------------------------

    def _see_through(self) -> int:
        """Start or find the container and wait for its end; its exit code."""
        found = self._find() if self._resumes else self._create()
        state = found["State"]["Status"]
        if state == "created":
            return self._watch(found["Id"], starts=True)
        if state in ("running", "paused", "restarting"):
            self._log.write(b"[... what the job printed while nobody listened is not kept ...]\n")
            return self._watch(found["Id"], starts=False)
        return self._past_end(found)

    def _inspect(self) -> dict[str, Any]:
        try:
            return dict(self._api.inspect_container(self._name))
        except NotFound:
            raise Lost(GONE) from None

    def _find(self) -> dict[str, Any]:
        """The container of a client before this one; what its secrets are is in no record of ours, so it is asked."""
        found = self._inspect()
        given = dict(item.partition("=")[::2] for item in found["Config"].get("Env") or ())
        self._log.hide(given.get(name, "") for name in self._container["secrets"])
        return found

    def _create(self) -> dict[str, Any]:
        """Make the container; one of that name is there already if a client before this one has made it."""
        args = tuple(self._container["args"])
        first = args[0] if args else ""
        known = self._program.entrypoint or not self._program.default or contract.is_surely_program(first)
        is_program = bool(known) or not contract.cannot_be_program(first)
        found = self._make(self._program.words(args, is_program))
        if not known and is_program and not self._has_program(found["Id"], first):
            docker.remove(self._api, self._name)
            found = self._make(self._program.words(args, is_program=False))
        return found

    def _make(self, words: list[str]) -> dict[str, Any]:
        body = contract.body(self._container, self._places, self._program, words)
        try:
            made = self._api.create_container_from_config(body, self._name)
        except ImageNotFound:
            raise EngineRefused(
                f"The image {self._container['reference']} is not on this machine any more. "
                f"Fetch it with `jupyter pipeline runtimes pull {self._container['runtime']}`."
            ) from None
        except APIError as error:
            if error.status_code != 409:
                raise
            found = self._inspect()
            if (found["Config"]["Labels"] or {}).get(docker.LABEL_JOBS) != body["Labels"][docker.LABEL_JOBS]:
                raise EngineRefused(f"There is another container called {self._name} already.") from None
            return found
        return {"Id": made["Id"], "State": {"Status": "created"}}

    def _has_program(self, container: str, word: str) -> bool:
        """Whether a word is a program on the image's PATH, seen without running anything in it."""
        for folder in self._container["path"]:
            url = self._api._url("/containers/{0}/archive", container)
            answer = self._api.head(url, params={"path": f"{folder}/{word}"}, timeout=docker.PATIENCE)
            if answer.status_code == 200:
                return True
        return False

    def _refused(self, error: APIError) -> dict[str, Any]:
        """What it means that the Engine did not do what it was asked."""
        said = str(error.explanation)
        record: dict[str, Any] = {"ending": Ending.BROKEN, "exit_code": None, "message": f"The Docker Engine: {said}."}
        if self._places.layers and "mount" in said and ("volume" in said or "overlay" in said):
            record["refused"] = NOT_MOUNTED
            docker.remove(self._api, self._name)
        elif "executable file not found" in said or "no such file or directory" in said.lower():
            record |= {"ending": Ending.EXIT, "exit_code": 127}
            record["message"] = f"The program {self._container['args'][:1]} is not to be found in the image."
        return record

    # -- watching ----------------------------------------------------------------------------------

    def _watch(self, container: str, starts: bool) -> int:
        """Wait for the end of a container, starting it first if that is wanted; its exit code. Raises Lost."""
        deadline = float("inf")
        while True:
            code = None
            try:
                code = self._watch_once(container, starts)
            except APIError:
                if starts:
                    raise
            except (RequestException, OSError):  # whether it was started is seen by whoever looks next
                pass
            if code is not None and self._engine_is_there():
                return code
            starts = False
            found = self._find_again()
            deadline = min(deadline, time.monotonic() + RETURN)
            if found["State"]["Status"] not in ("running", "paused") or time.monotonic() > deadline:
                raise Lost(STOPPED_ENGINE)

    def _watch_once(self, container: str, starts: bool) -> int | None:
        """The exit code, or None when the connection ended first."""
        with contextlib.closing(Attached(self._api, container)) as attached:
            if starts:
                self._api.start(container)
            watching = Waiter(self._api, container)
            began = time.monotonic()
            self._follow(container, attached, watching)
            if watching.code is None and time.monotonic() < began + 1:
                select.select([], [], [], 0.5)
            return watching.code

    def _follow(self, container: str, attached: Attached, watching: Waiter) -> None:
        """Read what it prints, look at what it uses, and hand on the wish to stop, until the Engine tells its end."""
        own = self._open_account(container)
        sources: set[Any] = {attached.fileno(), watching.fileno(), self._bell} | ({own} if own is not None else set())
        sources |= {self._control} if self._control is not None else set()
        pause = FIRST_LOOK
        self._read(attached)
        try:
            while True:
                ready = select.select(sources, [], [], pause)[0]
                if own in ready:  # at once: its accounts are about to be closed
                    self._look()
                    sources.discard(own)
                if attached.fileno() in ready and not self._read(attached):
                    sources.discard(attached.fileno())
                if self._bell in ready:
                    os.read(self._bell, 64)
                if self._control in ready and not self._pass_on(container):
                    sources.discard(self._control)
                if watching.fileno() in ready:
                    while select.select([attached], [], [], LAST_WORDS)[0] and self._read(attached):
                        pass  # the stream ends a moment after the container
                    return
                if not ready:
                    pause = min(pause * 2, LONGEST_LOOK)
                    self._look()
                self._hold_to_limits(container)
        finally:
            if own is not None:
                os.close(own)

    def _pass_on(self, container: str) -> bool:
        """Pass on signals; whether there may be more. Where nobody sends any more, nobody needs the container."""
        assert self._control is not None
        try:
            numbers = self._control.recv(64)
        except OSError:
            numbers = b""
        for number in numbers or bytes([signal.SIGKILL]):
            self._kill(container, signal.Signals(number).name)
        return bool(numbers)

    def _read(self, attached: Attached) -> bool:
        data = attached.read()
        self._log.take(data)
        return bool(data)

    def _open_account(self, container: str) -> int | None:
        """Find the kernel's accounts; a descriptor that tells the end of its first process, where that can be seen."""
        with contextlib.suppress(*TROUBLE):
            pid = int(self._api.inspect_container(container)["State"]["Pid"] or 0)
            self._account = open_account(pid, container) if pid else None
            if self._account is not None:
                self._account.look()
                with contextlib.suppress(OSError, AttributeError):
                    return os.pidfd_open(pid)
            elif pid:
                self._account = AskedAccount(lambda: self._api.stats(container, stream=False, one_shot=True))
        return None

    def _look(self) -> None:
        if self._account is not None:
            with contextlib.suppress(*TROUBLE):
                self._account.look()

    def _hold_to_limits(self, container: str) -> None:
        if self._account is not None and self._account.kills and not self._out_of_memory:
            self._out_of_memory = True
            self._kill(container, "SIGKILL")  # the kernel has ended one of its processes: the others go too
        if self._asked_at == 0.0 or self._was_killed:
            return
        if self._asked_at < 0:
            self._asked_at = time.monotonic()
            self._kill(container, "SIGTERM")
        elif time.monotonic() > self._asked_at + GRACE:
            self._was_killed = True
            self._kill(container, "SIGKILL")

    def _kill(self, container: str, name: str) -> None:
        with contextlib.suppress(*TROUBLE):  # it may have ended meanwhile
            self._api.kill(container, name)

    def _note_stop(self, *_: object) -> None:
        self._asked_at = self._asked_at or -1.0

    # -- ending ------------------------------------------------------------------------------------

    def _end(self, code: int) -> dict[str, Any]:
        """What an end that was seen means."""
        if not self._out_of_memory and code:
            state = self._inspect()["State"]
            if state["Status"] in ("removing", "dead"):
                raise Lost(GONE)  # whoever removes it has ended it first
            self._out_of_memory = bool(state.get("OOMKilled"))
        if self._out_of_memory and code:
            limit = self._container["memory"]
            words = f"its limit of {limit / 1024**3:.3g} GB of" if limit is not None else "the machine has"
            if self._account is not None and limit is not None:
                self._account.peak = max(self._account.peak, -(-limit // contract.PAGE) * contract.PAGE)
            return {"ending": Ending.MEMORY, "exit_code": code, "message": f"It used more than {words} memory."}
        message = ""
        if code in (126, 127) and self._log.first_error.startswith(FATAL):
            said = self._log.first_error.partition(b"exec ")[2].partition(b"\n")[0].decode(errors="replace")
            program, _, why = said.rpartition(" failed: ")
            message = f"The program {program} cannot be run in the image: {why}."
        return {"ending": Ending.EXIT, "exit_code": code, "message": message}

    def _past_end(self, found: Mapping[str, Any]) -> int:
        """The exit code of a container that ended while no client was there, if the Engine has seen that end.

        An Engine that was stopped ends its containers, and a program may well answer that with success. What it
        remembers of events is gone when it comes back, so an end that it remembers is one that it did not bring about.
        """
        self._log.write(b"[... what the job printed while nobody listened is not kept ...]\n")
        events = self._api.events(
            since=0, until=int(time.time()) + 1, decode=True, filters={"container": found["Id"], "event": "die"}
        )
        for event in events:
            return int(event["Actor"]["Attributes"]["exitCode"])
        raise Lost(STOPPED_ENGINE)

    def _engine_is_there(self) -> bool:
        """Whether the Engine takes new connections: one that is stopping its containers takes none."""
        address = str(self._container["address"])
        if not address.startswith("unix://"):
            with contextlib.suppress(*TROUBLE):
                return bool(self._api.ping())
            return False
        try:
            docker.knock(address)
        except OSError:
            return False
        return True

    def _find_again(self) -> dict[str, Any]:
        """The container, once the Engine answers again. Raises Lost."""
        deadline = time.monotonic() + RETURN
        while time.monotonic() < deadline:
            try:
                self._api = docker.connect(self._container["address"], self._api._version)
                return dict(self._api.inspect_container(self._name))
            except NotFound:
                raise Lost(GONE) from None
            except (*TROUBLE, ExecutorUnavailable):
                select.select([self._bell], [], [], 0.2)
                if self._asked_at:
                    break
        raise Lost("The Docker Engine stopped answering while the job ran.")
