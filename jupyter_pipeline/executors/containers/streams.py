"""What a container prints: taken apart as it comes, with secrets masked, into the job's log."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

HEAD = struct.Struct(">BxxxI")
STDERR = 2
MASK = b"***"
LEAST_SECRET = 6
"""Characters that a text must have to be looked for: a shorter one would be found everywhere."""


class Demultiplexer:
    """Takes the Engine's stream of marked pieces apart."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> list[tuple[int, bytes]]:
        """The whole pieces that are there now, each with the number of its stream."""
        self._held += data
        found = []
        start = 0
        while len(self._held) - start >= HEAD.size:
            stream, length = HEAD.unpack_from(self._held, start)
            if len(self._held) - start - HEAD.size < length:
                break
            start += HEAD.size
            found.append((stream, bytes(self._held[start : start + length])))
            start += length
        del self._held[:start]
        return found


class Mask:
    """Replaces secrets in what passes through, also where one comes in pieces."""

    def __init__(self, secrets: Iterable[str]) -> None:
        texts = {part.strip() for secret in secrets for part in (secret, *secret.splitlines())}
        self._secrets = sorted((text.encode() for text in texts if len(text) >= LEAST_SECRET), key=len, reverse=True)
        self._held = b""

    def take(self, data: bytes) -> bytes:
        """What can be passed on now."""
        if not self._secrets:
            return data
        self._held += data
        for secret in self._secrets:
            self._held = self._held.replace(secret, MASK)
        keep = max((self._overlap(secret) for secret in self._secrets), default=0)
        passed, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return passed

    def rest(self) -> bytes:
        """What was kept in case a secret went on."""
        passed, self._held = self._held, b""
        return passed

    def _overlap(self, secret: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret."""
        for length in range(min(len(secret) - 1, len(self._held)), 0, -1):
            if self._held.endswith(secret[:length]):
                return length
        return 0


class LogStream:
    """The job's log, as the client writes it: both streams in the order in which they came."""

    def __init__(self, descriptor: int, secrets: Iterable[str]) -> None:
        self._descriptor = descriptor
        self._mask = Mask(secrets)
        self._pieces = Demultiplexer()
        self.first_error = b""
        """How the error stream began, in which a program that is not there is named."""

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these secrets from now on, and no others; nothing has been taken yet."""
        self._mask = Mask(secrets)

    def take(self, data: bytes) -> None:
        """Write what the Engine's stream brings."""
        for stream, text in self._pieces.take(data):
            if stream == STDERR and len(self.first_error) < 500:
                self.first_error += text[:500]
            self.write(self._mask.take(text))

    def close(self) -> None:
        """Write what was held back."""
        self.write(self._mask.rest())

    def write(self, text: bytes) -> None:
        """Write all of it; a full disk loses the rest of the log, not the job."""
        try:
            while text:
                text = text[os.write(self._descriptor, text) :]
        except OSError:
            return
