"""The frame of every page: one complete HTML document without any script, which loads nothing.

It works under, and itself asks for, a content security policy that allows nothing but inline styles and images within
the document. Colours follow the reader's system, and paper is light.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

from .escaping import Html, attribute, shown

Facts = Sequence[tuple[str, str]]
"""What is known of a file, as names and values in the order to be shown: path, action, level, size, ..."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"
"""The content security policy of every page; a server should send it as a header too."""


def document(title: str, body: Html, notices: Sequence[str] = (), facts: Facts = ()) -> str:
    """A complete page: the title, a line of `facts`, each of the `notices` as a banner, then `body`.

    Title, notices and facts are plain text and are escaped here; `body` must have been made by this package.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{attribute(POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{attribute(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        f"{banners(notices)}<header>\n<h1><bdi>{shown(title)}</bdi></h1>\n{_facts(facts)}</header>\n"
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def banners(notices: Iterable[str]) -> Html:
    """Sentences that nobody should miss, as strips."""
    return joined(f'<p class="notice" role="note">{shown(notice)}</p>\n' for notice in notices)


def remarked(sentences: Sequence[str]) -> Html:
    """What had to be mended of a file, as one strip; nothing if there is nothing to say."""
    lines = "".join(f"<span>{shown(sentence)}</span>" for sentence in sentences)
    return Html(f'<p class="notice mended" role="note">{lines}</p>\n' if lines else "")


def joined(parts: Iterable[str]) -> Html:
    """Pieces of HTML one behind the other."""
    return Html("".join(parts))


def _facts(facts: Facts) -> Html:
    if not facts:
        return Html("")
    items = (f"<div><dt>{shown(name)}</dt><dd><bdi>{shown(value)}</bdi></dd></div>\n" for name, value in facts)
    return Html(f'<dl class="facts">\n{"".join(items)}</dl>\n')


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
