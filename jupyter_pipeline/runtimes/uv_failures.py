"""What uv's failures mean: the line that matters, and a cure. Running uv is not here (uv_program.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ..config import ENV_CACHE
from ..errors import RuntimeUnavailable
from . import package_sources

LONGEST = 300
"""Characters of what is quoted from uv."""

_URL = re.compile(r"\b(?:https?|file)://[^\s'\"`<>]+", re.IGNORECASE)
_CREDENTIALS = re.compile(r"[^\s/@'\"`]+:[^\s/@]*@[^\s'\"`]+")
"""A name, a password and a host without a scheme, as a proxy may be given."""
_CROSS = "\N{MULTIPLICATION SIGN}"
"""With this, or with ``error:``, uv begins to name an error."""
_FRAME = rf"[{_CROSS}\u2500-\u25ff]"
_BEGINS = re.compile(rf"\s*(error:|{_CROSS})")
_CAUSE = re.compile(r"(error|cause|caused by):\s*", re.IGNORECASE)
_OUTPUT = re.compile(r"\s*[\u2502\s]*\[(stdout|stderr)\]")
"""From here on uv quotes what somebody else's build has printed."""
_HINT = re.compile(rf"\s*(?:{_FRAME}|\s)*hint:\s*", re.IGNORECASE)
_CONCLUSION = re.compile(r",? we can conclude that (your requirements are unsatisfiable|all versions of \S+ cannot .*)")


def begins(line: str) -> bool:
    """Whether uv begins to name an error on this line."""
    return _BEGINS.match(line) is not None


def without_secrets(text: str) -> str:
    """`text` with no more of an address than its host: it may carry a password for a private package index."""
    return _CREDENTIALS.sub(package_sources.UNNAMED, _URL.sub(lambda found: _host(found[0]), text))


def _host(address: str) -> str:
    bare = address.rstrip(").,;:]")
    return package_sources.host_of(bare) + address[len(bare) :]


def meaning(lines: Sequence[str], code: int, environment: Mapping[str, str]) -> RuntimeUnavailable:
    """The error that says in plain words why uv, which wrote `lines`, ended with `code`."""
    own = _own_lines(lines)
    reason = _reason(own) or f"uv ended with code {code}"
    for pattern, cause in _CAUSES:
        if pattern.search("\n".join(own)):
            return cause(reason, lines, environment)
    return RuntimeUnavailable(
        f"uv failed: {reason}.", "Mend what it names and try again; `jupyter pipeline clean` frees disk space."
    )


# -- the line that matters -------------------------------------------------------------------------


def _own_lines(lines: Sequence[str]) -> list[str]:
    """What uv itself says of the error, without what it quotes of a build."""
    start = next((number for number, line in enumerate(lines) if begins(line)), max(len(lines) - 3, 0))
    end = next((number for number, line in enumerate(lines) if number > start and _OUTPUT.match(line)), len(lines))
    return [*lines[start:end], *(line for line in lines[end:] if _HINT.match(line))]


def _reason(own: Sequence[str]) -> str:
    """The error and its causes on one line, without the frame that uv draws around them and without its hints."""
    parts: list[str] = []
    for line in own:
        if _HINT.match(line):
            break
        words = " ".join(re.sub(_FRAME, " ", line).split())
        is_next = bool(_CAUSE.match(words)) or "\u25b6" in line
        words = _CAUSE.sub("", words, count=1)
        if words and (is_next or not parts):
            parts.append(words)
        elif words:
            parts[-1] += f" {words}"
    return _shortened(_CONCLUSION.sub("", ": ".join(dict.fromkeys(part.rstrip(".") for part in parts))))


def _shortened(text: str) -> str:
    return (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026").rstrip(" .:?")


def _line_of_build(lines: Sequence[str]) -> str:
    """The line of a build's output that says why it failed: a compiler's word, else the last error, else the last."""
    start = next((number for number, line in enumerate(lines) if _OUTPUT.match(line)), len(lines))
    quoted = [" ".join(re.sub(_FRAME, " ", line).split()) for line in lines[start:] if not _HINT.match(line)]
    said = [line for line in quoted if line and not re.fullmatch(r"\[std(out|err)\]", line)]
    fatal = [line for line in said if re.search(r"fatal error:|command not found|No such file or directory", line)]
    errors = [line for line in said if re.search(r"(\b|\w)[Ee]rror:", line)]
    return _shortened((fatal[:1] or errors[-1:] or said[-1:] or [""])[0])


# -- causes and cures ------------------------------------------------------------------------------


def _full(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"The disk is full ({reason}).",
        f"Free some space, or set {ENV_CACHE} and UV_CACHE_DIR to folders on another disk; `jupyter pipeline clean` "
        "removes what is not needed.",
    )


def _untrusted(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    trusted = package_sources.of(environment).certificates
    whose = f"those of {trusted}" if trusted else "those that uv comes with"
    return RuntimeUnavailable(
        f"A download failed since the certificate of the other side is not trusted ({reason}). "
        f"The certificates that count are {whose}.{_where_from(reason, environment)}",
        "Where an institution inspects connections or has an index of its own, name the file with its certificate: "
        "`export SSL_CERT_FILE=FILE`, or for pip as well `pip config set global.cert FILE`.",
    )


def _refused(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    hint = next((_HINT.sub("", line) for line in lines if _HINT.match(line)), reason)
    return RuntimeUnavailable(
        f"The package index refuses us ({_shortened(hint)}).{_where_from(hint, environment)}",
        "Give a valid name and password, in the index's address or for its host in ~/.netrc.",
    )


def _proxied(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    proxy = package_sources.of(environment).proxy
    return RuntimeUnavailable(
        f"A download failed at the proxy {proxy or 'on the way'} ({reason}).",
        "Set HTTPS_PROXY to a proxy that lets us through, with name and password where it wants them, or unset it.",
    )


def _unreachable(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"A download failed ({reason}).{_where_from(reason, environment)}",
        "Connect to the network once and try again; after that, no network is needed. `jupyter pipeline doctor` says "
        "which index and which proxy are used.",
    )


def _where_from(reason: str, environment: Mapping[str, str]) -> str:
    """Where the address of the index that a reason names was set, as a sentence; empty where nobody has set it."""
    sources = package_sources.of(environment)
    indexes = (*([sources.index] if sources.index else []), *sources.more)
    return next((f" That address is from {one.origin}." for one in indexes if one.value in reason), "")


def _not_built(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    found = re.search(r"`([^`]+)`", reason)
    package = found[1].partition(" @ ")[0] if found else "A package"
    line = _line_of_build(lines) or reason
    return RuntimeUnavailable(
        f"{package} has no ready-made package (wheel) for this Python here, and building it from its source failed: "
        f"{line}.",
        "Ask for a version that has one, mostly a newer one, or for a Python of the package's time; or install what "
        "the build needs (Debian, Ubuntu: `apt install build-essential python3-dev`).",
    )


def _no_wheel(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"A package cannot be had for this Python and this machine ({reason}).",
        "Ask for a version that is published for them, or for another Python.",
    )


def _answered(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"The package index does not work ({reason}).{_where_from(reason, environment)}",
        "Try again later; `jupyter pipeline doctor` says which index is used and where that is set.",
    )


def _absent(reason: str, lines: Sequence[str], environment: Mapping[str, str]) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"A package cannot be had as it is asked for ({reason}).",
        "Check its name and version, and that it exists for this Python and this machine.",
    )


_Cause = Callable[[str, Sequence[str], Mapping[str, str]], RuntimeUnavailable]
_CAUSES: tuple[tuple[re.Pattern[str], _Cause], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), cause)
    for pattern, cause in (
        (r"no space left on device|disk quota exceeded", _full),
        (r"invalid peer certificate|certificate verify failed|self.signed certificate", _untrusted),
        (r"407 proxy|tunnel error|proxy (connect|auth|tunnel)", _proxied),
        (r"401 unauthorized|403 forbidden|authentication credentials", _refused),
        (
            r"error sending request|dns error|failed to lookup address|network is unreachable|connection refused"
            r"|client error \(connect\)|operation timed out|network was disabled|network connectivity is disabled"
            r"|could not connect",
            _unreachable,
        ),
        (r"failed to (download and )?build|build backend", _not_built),
        (r"no wheels? with a matching|source distribution or wheel for the current", _no_wheel),
        (r"http status (client|server) error", _answered),
        (r"no version of|not found in the package registry|no solution found", _absent),
        (r"failed to fetch", _unreachable),
    )
)
"""What uv says, and what it means; the first that fits."""
