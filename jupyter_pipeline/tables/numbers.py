"""What a cell of a table says: a number, a mark of redaction, nothing, or some text. Never raises for any text.

Numbers are what a programme writes: an optional sign, digits with at most one point, and an exponent of at most three
digits; digits are 0-9, blanks may stand around. ``inf``, ``nan``, ``1_000`` and ``0x10`` are texts. So is ``1,234``:
it may be 1234 or 1.234, and a column of such numbers is better called text than summed wrongly.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation, localcontext

PLATFORM_MARKS = frozenset(("redacted", "[redacted]", "na", "n/a", "<=7"))
"""What the platform counts as redacted, in any case (platform: airlock/utils.py)."""
OTHER_MARKS = frozenset(
    ("≤7", "<8", "<=5", "≤5", "<5", "<6", "<=10", "≤10", "<10", "*", "[c]", "suppressed", "[suppressed]")
)
"""What researchers and statistics offices write as well; the platform takes these for text."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
_LARGE_EXPONENT = re.compile(r"[eE][+-]?[0-9]{4}")
_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
_NUMBERS_BEGIN = frozenset("0123456789+-." + _BLANKS)
_LONGEST_MARK = 40
_MARKS_BEGIN = frozenset(
    letter for mark in PLATFORM_MARKS | OTHER_MARKS for letter in mark[0] + mark[0].upper() + _BLANKS
)


def number(text: str) -> Decimal | None:
    """The number that a cell holds, exactly; None if it holds none."""
    if not may_be_number(text):
        return None  # quickly
    bare = text.strip()
    return Decimal(bare) if _NUMBER.fullmatch(bare) else None


def may_be_number(text: str) -> bool:
    """Whether a text begins as numbers do."""
    return text[:1] in _NUMBERS_BEGIN


def is_missing(text: str) -> bool:
    """Whether a cell is empty, or holds only blanks."""
    return not text or text.isspace()


def is_redacted(text: str) -> bool:
    """Whether a cell holds a mark of redaction: one of the platform's or one of the others."""
    return may_be_mark(text) and (is_platform_mark(text) or is_other_mark(text))


def may_be_mark(text: str) -> bool:
    """Whether a text begins as marks do and is no longer than they are."""
    return len(text) < _LONGEST_MARK and text[:1] in _MARKS_BEGIN


def is_platform_mark(text: str) -> bool:
    """Whether a cell holds a mark that the platform counts as redacted."""
    return text.strip().lower() in PLATFORM_MARKS


def is_other_mark(text: str) -> bool:
    """Whether a cell holds a mark of redaction that the platform does not know."""
    return "".join(text.split()).lower() in OTHER_MARKS


def is_integer(text: str) -> bool:
    """Whether a cell holds a number that is written as a whole one: ``5``, and neither ``5.0`` nor ``5e0``."""
    return _INTEGER.fullmatch(text) is not None


def all_numbers(texts: Sequence[str]) -> Sequence[int] | Sequence[Decimal] | None:
    """The numbers of these texts when all are numbers, quickly; else None, also in some rare cases where all are.

    Whole ones when all are written so.
    """
    joined = " ".join(texts)
    if not joined.isascii() or "_" in joined:
        return None
    with contextlib.suppress(ValueError):  # also for more digits than Python reads as an int
        return list(map(int, texts))
    if "n" in joined or "N" in joined or (("e" in joined or "E" in joined) and _LARGE_EXPONENT.search(joined)):
        return None  # as in inf and nan
    with contextlib.suppress(InvalidOperation), localcontext(Context(traps=[InvalidOperation])):
        return list(map(Decimal, texts))
    return None


def exact(texts: Sequence[str]) -> Context:
    """A context in which sums and remainders of the numbers in these texts come out exactly."""
    digits = max(map(len, texts), default=0) + 2 * 999 + len(str(len(texts))) + 50
    return Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation])


def written(value: Decimal) -> str:
    """A number in plain digits, without an exponent."""
    return format(value, "f")
