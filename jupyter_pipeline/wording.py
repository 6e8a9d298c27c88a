"""Numbers, times and lists in words; the same in the terminal, in notebooks and in pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def duration(seconds: float | None) -> str:
    """Such as ``0.1 s``, ``1:05`` (minutes) or ``2:00:00``."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return clock(seconds) if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds, as the platform's pages show them."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def moment(iso: str | None) -> str:
    """A time in UTC to the second."""
    return iso[:19].replace("T", " ") if iso else ""


def size(count: int) -> str:
    """Bytes in a unit that fits."""
    value = float(count)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if round(value) < 1024 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return ""


def plural(count: int, word: str) -> str:
    """Such as ``1 job`` or ``2 jobs``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names as words, with `word` before the last."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}" if names else ""
