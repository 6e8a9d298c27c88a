"""Pictures in reports: always inside the page, as data; a picture that cannot be there leaves a note.

Files are read only below the folder that is allowed, after following every link. Nothing is ever fetched.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes
from xml.parsers import expat

SVG = "image/svg+xml"
KINDS = {
    ".svg": SVG,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}
_DATA = re.compile(r"data:(image/(?:png|jpe?g|gif|webp|bmp|svg\+xml))((?:;[\w=-]+)*),", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_SCRIPT = re.compile(r"<script\b.*?(?:</script\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\w+);)(\w+;)")
_SIZE = re.compile(r"\d{1,5}(?:\.\d{1,4})?(?:px|%)?")
_LARGEST = 64_000_000


class NoPicture(Exception):
    """A picture that is not shown; the text says why, for the reader of the report."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where relative pictures are looked for, and the folder that they must be in; both resolved."""

    folder: Path
    allowed: Path
    withheld: Callable[[Path], str | None] = lambda _: None
    """Why a file there may not be shown, or None."""

    def path(self, address: str) -> Path:
        """The file that a relative address means. Raises NoPicture."""
        name = unquote(re.split(r"[?#]", address, maxsplit=1)[0])
        try:
            found = (self.folder / name).resolve()
            inside = found.is_relative_to(self.allowed)
            known = inside and found.is_file() and found.stat().st_size <= _LARGEST
        except (OSError, ValueError, RuntimeError):
            raise NoPicture(f"The picture “{address}” was left out: it cannot be read.") from None
        if not inside:
            raise NoPicture(f"The picture “{address}” was left out: it is outside the project.")
        if not known:
            raise NoPicture(f"The picture “{address}” was left out: there is no such file.")
        if (why := self.withheld(found)) is not None:
            raise NoPicture(f"The picture “{address}” was left out: {why}")
        return found


def data(address: str, place: Place, attachments: Mapping[str, Any]) -> str:
    """The data URI of the picture that an address in a notebook means. Raises NoPicture."""
    address = address.strip()
    if address.lower().startswith("attachment:"):
        return _attached(unquote(address[len("attachment:") :]), attachments)
    match = _DATA.match(address)
    if match:
        return _inline(match, address)
    if address.startswith(("//", "\\\\")) or (_SCHEME.match(address) and not address.lower().startswith("data:")):
        raise NoPicture(f"A picture from elsewhere was left out: {address[:500]}")
    if not address or address.lower().startswith("data:"):
        raise NoPicture("A picture was left out: it is of a kind that is not shown.")
    path = place.path(address)
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise NoPicture(f"The picture “{address}” was left out: it is of a kind that is not shown.")
    try:
        content = path.read_bytes()
    except OSError:
        raise NoPicture(f"The picture “{address}” was left out: it cannot be read.") from None
    if kind == SVG:
        return svg(content.decode("utf-8", "replace"))
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def bitmap(kind: str, encoded: str) -> str:
    """The data URI of a picture given in base64. Raises NoPicture if it is not that."""
    packed = _SPACE.sub("", encoded)
    if not packed or not _BASE64.fullmatch(packed):
        raise NoPicture("A picture was left out: its data is damaged.")
    return f"data:{kind};base64,{packed}"


def svg(drawing: str) -> str:
    """The data URI of a drawing. Shown as a picture, it can neither run a script nor load anything.

    Raises NoPicture if it is not well formed, as then no browser shows it.
    """
    drawing = _SCRIPT.sub("", drawing).strip()
    start = drawing.find("<svg")
    if start < 0:
        raise NoPicture("A drawing was left out: it is not SVG.")
    drawing = _NAMED.sub(lambda match: html.unescape(match[0]), drawing[start:])
    opening = drawing[: drawing.find(">") + 1]
    if "xmlns=" not in opening:
        drawing = drawing.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    if "xlink:" in drawing and "xmlns:xlink" not in opening:
        drawing = drawing.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"', 1)
    content = drawing.encode("utf-8", "replace")
    try:
        expat.ParserCreate().Parse(content, True)
    except expat.ExpatError:
        raise NoPicture("A drawing was left out: it is not well formed.") from None
    return f"data:{SVG};base64,{base64.b64encode(content).decode()}"


def element(uri: str, alternative: str, sizes: Mapping[str, Any] | None = None) -> str:
    """The HTML element of a picture: its text for those who do not see it, and width and height if they are sizes."""
    attributes = "".join(
        f' {name}="{value}"'
        for name in ("width", "height")
        if _SIZE.fullmatch(value := str((sizes or {}).get(name, "")))
    )
    return f'<img src="{uri}" alt="{html.escape(alternative)}"{attributes}>'


def _attached(name: str, attachments: Mapping[str, Any]) -> str:
    bundle = attachments.get(name)
    if isinstance(bundle, Mapping):
        for kind in dict.fromkeys(KINDS.values()):
            content = bundle.get(kind)
            if isinstance(content, str) and kind != SVG:
                return bitmap(kind, content)
            if isinstance(content, str):
                return svg(content if "<svg" in content else _decoded(content))
    raise NoPicture(f"The picture “{name}” was left out: the notebook has no such attachment.")


def _inline(match: re.Match[str], address: str) -> str:
    kind, content = match[1].lower().replace("jpg", "jpeg"), address[match.end() :]
    packed = match[2].lower().endswith(";base64")
    if kind == SVG:
        return svg(_decoded(content) if packed else unquote(content))
    if packed:
        return bitmap(kind, unquote(content) if "%" in content else content)
    return bitmap(kind, base64.b64encode(unquote_to_bytes(content)).decode())


def _decoded(content: str) -> str:
    try:
        return base64.b64decode(unquote(content), validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise NoPicture("A picture was left out: its data is damaged.") from None
