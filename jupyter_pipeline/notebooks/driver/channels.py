"""Messages to and from a kernel: five sockets, one poll, no thread of ours and no event loop."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import zmq
from jupyter_client.session import Session

from .faults import KernelDied
from .kernel import LOOK, Kernel
from .stopping import StopSignal

DELIMITER = b"<IDS|MSG>"
RECONNECT = 10
"""Milliseconds between two tries to reach a kernel that is not there yet."""
BATCH = 500
"""Messages that are taken from one socket before timers get their turn."""
LAST_WORDS = 50
"""Milliseconds of silence after which nothing more comes of a kernel that has ended."""
RETRY = 0.02
"""Seconds after which a kernel is asked again whether it is ready, if its outputs cannot be heard yet."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_decoder = json.JSONDecoder(parse_constant=lambda _: None)

Message = dict[str, Any]


class Wire:
    """The connection to one kernel.

    What the kernel signs is not checked: its sockets are in a folder that nobody else can reach, and it has the key.
    """

    def __init__(self, kernel: Kernel, stop: StopSignal) -> None:
        self.kernel, self._stop = kernel, stop
        self.unreadable = 0
        """Messages that could not be read."""
        self.session = Session(key=kernel.key.encode())
        self._context = zmq.Context()
        self._sockets = {
            "shell": self._connect("shell", zmq.DEALER),
            "control": self._connect("control", zmq.DEALER),
            "iopub": self._connect("iopub", zmq.SUB),
        }
        self._poller = zmq.Poller()
        for socket in self._sockets.values():
            self._poller.register(socket, zmq.POLLIN)
        self._poller.register(stop.bell, zmq.POLLIN)
        self._hears_process = kernel.ended is not None
        if kernel.ended is not None:
            self._poller.register(kernel.ended, zmq.POLLIN)

    def request(self, channel: str, kind: str, content: Mapping[str, Any]) -> str:
        """Send a request; gives its identifier."""
        sent = self.session.send(self._sockets[channel], kind, dict(content))
        return str(sent["header"]["msg_id"]) if sent else ""

    def send(self, message: Message) -> None:
        """Send a message that a widget has made (as jupyter_client's shell channel does)."""
        self.session.send(self._sockets["shell"], message)

    def receive(self, seconds: float | None) -> Iterator[tuple[str, Message]]:
        """Messages with their channels, after waiting so long for the first one.

        Raises KernelDied, once all that it has sent is read, and Stopped.
        """
        if self.kernel.ended is None:
            seconds = LOOK if seconds is None else min(seconds, LOOK)
        ready = dict(self._poller.poll(None if seconds is None else max(0, math.ceil(seconds * 1000))))
        self._stop.check()
        if not any(socket in ready for socket in self._sockets.values()) and self.kernel.has_ended():
            if self._hears_process:
                self._hears_process = False
                self._poller.unregister(self.kernel.ended)
            ready = dict(self._poller.poll(LAST_WORDS))
            if not ready:
                raise KernelDied(self.kernel.status)
        for channel, socket in self._sockets.items():
            if socket in ready:
                yield from self._take(channel, socket)

    def wait_until_ready(self, seconds: float) -> Mapping[str, Any]:
        """Wait until the kernel answers and its outputs arrive; gives what it says of itself.

        Raises TimeoutError, KernelDied and Stopped.
        """
        until = time.monotonic() + seconds
        asked = self.request("shell", "kernel_info_request", {})
        info: Mapping[str, Any] | None = None
        heard = False
        while info is None or not heard:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for channel, message in self.receive(left if info is None else min(left, RETRY)):
                heard = heard or channel == "iopub"
                if message["msg_type"] == "kernel_info_reply" and isinstance(message["content"], dict):
                    info = message["content"]
            if info is not None and not heard:  # its outputs go nowhere as yet; each answer is one more
                asked = self.request("shell", "kernel_info_request", {}) or asked
        return info

    def close(self) -> None:
        """Close all sockets, and wait for nothing."""
        self._context.destroy(linger=0)

    def _connect(self, channel: str, kind: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.reconnect_ivl = RECONNECT
        socket.rcvhwm = 0  # what is not read in time would be lost, and with it perhaps the end of a cell
        if kind == zmq.SUB:
            socket.subscribe(b"")
        else:
            socket.identity = self.session.bsession
        socket.connect(self.kernel.address(channel))
        return socket

    def _take(self, channel: str, socket: zmq.Socket[bytes]) -> Iterator[tuple[str, Message]]:
        for _ in range(BATCH):
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                message = read(frames)
            except (ValueError, RecursionError, IndexError):
                self.unreadable += 1
                continue
            if message is not None:
                yield channel, message


def read(frames: list[bytes]) -> Message | None:
    """The message that these frames hold, with its size; None for one that is none, such as a greeting.

    Raises ValueError, IndexError or RecursionError for what cannot be read.
    """
    if DELIMITER not in frames:
        return None
    first = frames.index(DELIMITER) + 2
    header, parent, metadata, content = (_decode(frame) for frame in frames[first : first + 4])
    if not isinstance(header, dict) or not isinstance(header.get("msg_type"), str):
        raise ValueError("no header")
    return {
        "header": header,
        "msg_type": header["msg_type"],
        "parent_header": parent if isinstance(parent, dict) else {},
        "metadata": metadata if isinstance(metadata, dict) else {},
        "content": content if isinstance(content, dict) else {},
        "buffers": frames[first + 4 :],
        "size": len(frames[first + 3]),
    }


def _decode(frame: bytes) -> Any:
    text = frame.decode("utf-8", "replace")
    value = _decoder.decode(text)
    return whole(value) if "\\ud" in text or "\\uD" in text else value


def whole(value: Any) -> Any:
    """The same with no halves of characters, which nothing could write down."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    return value


def moment(header: Mapping[str, Any]) -> datetime:
    """When a message was sent, by its own account; now, where that says nothing."""
    try:
        return datetime.fromisoformat(header["date"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return datetime.now(UTC)
