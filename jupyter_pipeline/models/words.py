"""Words of a fixed list, which are shown as the texts that they are."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """One of a few words. In a notebook or a traceback it looks like the text that programs are given."""

    def __repr__(self) -> str:
        return repr(str(self))
