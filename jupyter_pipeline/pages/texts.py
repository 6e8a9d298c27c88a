"""Pages of texts and images, and of what is refused. Tables, logs and JSON have modules of their own."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from .document import Facts, document, joined
from .escaping import (
    Html,
    attribute,
    shown,
    shown_lines,
)

_IMAGES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""The types of images that may be shown, and how such files begin."""
_MOST_NUMBERED = 20_000
"""Lines up to which each gets its number: more of them make a page slow."""


def text_page(title: str, text: str, notices: Sequence[str] = (), facts: Facts = ()) -> str:
    """The page of a text, as it is, with numbered lines. Nothing in it is taken for HTML or Markdown."""
    return document(title, text_body(text), notices, facts)


def text_body(text: str) -> Html:
    """The body of `text_page`."""
    if not text:
        return Html('<p class="hint">The file is empty.</p>')
    escaped = shown_lines(text)
    lines = escaped.removesuffix("\n").split("\n")
    if len(lines) > _MOST_NUMBERED:
        return Html(f'<pre class="text">\n{escaped}</pre>')
    width = len(str(len(lines)))
    return joined(
        [
            f'<pre class="text numbered" style="--digits: {width}">\n',
            *(f'<span class="line">{line}\n</span>' for line in lines),
            "</pre>",
        ]
    )


def image_page(
    title: str, image: bytes, media_type: str, alt: str, notices: Sequence[str] = (), facts: Facts = ()
) -> str:
    """The page of an image, which stands within the page itself.

    `alt` says what it shows. Raises ValueError, with a sentence, unless it is a PNG or JPEG image and begins as one.
    """
    return document(title, image_figure(image, media_type, alt), notices, facts)


def image_figure(image: bytes, media_type: str, alt: str, caption: str = "") -> Html:
    """An image as a part of a page, perhaps with a line above it. Raises ValueError as `image_page`."""
    if media_type not in _IMAGES:
        raise ValueError(f"Images of type {media_type} are not shown: only PNG and JPEG are.")
    if not image.startswith(_IMAGES[media_type]):
        raise ValueError(f"The file does not hold an image of type {media_type}.")
    data = base64.b64encode(image).decode("ascii")
    above = f"<figcaption>{shown(caption)}</figcaption>" if caption else ""
    return Html(f'<figure>{above}<img src="data:{media_type};base64,{data}" alt="{attribute(alt)}"></figure>')


def refusal_page(title: str, reason: str, remedy: str = "", notices: Sequence[str] = (), facts: Facts = ()) -> str:
    """The page that stands in place of a file that is not shown: why not, and what can be done."""
    help_ = f"<h2>What you can do</h2>\n<p>{shown(remedy)}</p>\n" if remedy else ""
    body = f'<section class="refusal">\n<h2>This is not shown</h2>\n<p>{shown(reason)}</p>\n{help_}</section>'
    return document(title, Html(body), notices, facts)
