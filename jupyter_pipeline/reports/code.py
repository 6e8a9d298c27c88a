"""Code with its colours, by Pygments; lexers are kept, as making one costs more than most cells."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

_MAGIC = re.compile(r"\s*%%(R|bash|cython|javascript|julia|latex|octave|perl|ruby|sh|sql)\b")


def highlighted(source: str, language: str) -> str:
    """HTML of a cell's source, in the language that the notebook names, or that a `%%` line at its top names."""
    magic = _MAGIC.match(source) if language.startswith("ipython") or language == "python" else None
    return _highlighted(source, magic[1].lower() if magic else language)


@lru_cache(maxsize=512)
def _highlighted(source: str, language: str) -> str:
    from pygments import highlight  # type: ignore[import-untyped]

    return str(highlight(source, _lexer(language), _formatter()))


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.lexers.special import TextLexer  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    if language in ("ipython3", "ipython2", "ipython"):
        try:
            from ipython_pygments_lexers import IPython3Lexer  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            language = "python"
        else:
            return IPython3Lexer()
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return TextLexer()


@cache
def _formatter() -> Any:
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]

    return HtmlFormatter(cssclass="highlight", wrapcode=False)


def forget() -> None:
    """Forget the cells that were coloured before, for measuring."""
    _highlighted.cache_clear()
