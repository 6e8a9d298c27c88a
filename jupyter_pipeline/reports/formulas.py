"""LaTeX formulas as MathML, which browsers show by themselves; one that is not understood stays as it was written.

latex2mathml's own text is not used: it undoes escaping, so that a formula could bring HTML into the page. Its tree is,
with nothing in it but the elements and attributes of mathematics.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

_ELEMENTS = frozenset(
    "math mrow mi mn mo ms mtext mspace msup msub msubsup mover munder munderover mfrac msqrt mroot mtable mtr mtd "
    "mlabeledtr mstyle mpadded mphantom menclose merror mmultiscripts mprescripts none".split()
)
_ATTRIBUTES = frozenset(
    "display displaystyle scriptlevel mathvariant mathsize mathcolor mathbackground stretchy fence separator form "
    "symmetric largeop movablelimits accent accentunder minsize maxsize lspace rspace linethickness columnalign "
    "rowalign columnlines rowlines columnspacing rowspacing frame notation width height depth voffset".split()
)
_NUMERIC = re.compile(r"&amp;(#x?[0-9A-Fa-f]{1,6};)")
_UNKNOWN = re.compile(r"\\[A-Za-z]")
_LABEL = re.compile(r"\\(?:label|ref|eqref|nonumber|notag)\b(?:\{[^{}]*\})?")
_VALUE = re.compile(r"[\w#.% +-]*")
_WHOLE = re.compile(r"\$\$(?P<a>[^$]+)\$\$|\$(?P<b>[^$]+)\$|\\\[(?P<c>.+?)\\\]|\\\((?P<d>.+?)\\\)", re.DOTALL)
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|alignat|flalign|gather|multline|eqnarray|split|aligned|gathered|cases|array|math|"
    r"displaymath|[bBpvV]?(?:small)?matrix)\*?)\}.*\\end\{\1\}",
    re.DOTALL,
)
_LONGEST = 20_000


@lru_cache(maxsize=512)
def formula(latex: str, display: bool = False) -> str:
    """HTML that shows a formula, given without its dollars: MathML, or the source if it is not understood."""
    return _mathml(latex, display) or source(latex, display)


def source(latex: str, display: bool = False) -> str:
    """HTML that shows the source of a formula."""
    sign = "$$" if display else "$"
    return f'<code class="report-formula">{html.escape(f"{sign}{latex.strip()}{sign}", quote=False)}</code>'


def output(latex: str) -> str:
    """HTML for an output of the type text/latex: its formulas as MathML; what is not a formula as its source."""
    latex = latex.strip()
    if len(latex) > _LONGEST:
        return f"<pre>{html.escape(latex, quote=False)}</pre>"
    if _ENVIRONMENT.fullmatch(latex):
        return _mathml(latex, True) or f"<pre>{html.escape(latex, quote=False)}</pre>"
    pieces, at, found = [], 0, False
    for match in _WHOLE.finditer(latex):
        pieces.append(html.escape(latex[at : match.start()], quote=False))
        inner = next(text for text in match.groups() if text is not None)
        pieces.append(formula(inner, match.lastgroup in ("a", "c") or match.span() == (0, len(latex))))
        at, found = match.end(), True
    rest = html.escape(latex[at:], quote=False)
    return "".join((*pieces, rest)) if found else f"<pre>{rest}</pre>"


def _mathml(latex: str, display: bool) -> str | None:
    from latex2mathml.converter import Converter

    if len(latex) > _LONGEST or not latex.strip():
        return None
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(_LABEL.sub("", latex))
    except Exception:  # a formula that it does not understand may raise nearly anything
        return None
    if not _safe(tree):
        return None
    tree.attrib.pop("xmlns", None)
    label = Element("annotation", {"encoding": "application/x-tex"})
    label.text = latex
    semantics = Element("semantics")
    semantics.extend((*tree, label))
    for child in list(tree):
        tree.remove(child)
    tree.append(semantics)
    return _NUMERIC.sub(r"&\1", tostring(tree, encoding="unicode"))


def _safe(tree: Element) -> bool:
    """Whether a tree is mathematics and all of it was understood; takes other attributes away."""
    for element in tree.iter():
        if element.tag not in _ELEMENTS or _UNKNOWN.match(element.text or ""):
            return False
        for name, value in list(element.attrib.items()):
            if (name not in _ATTRIBUTES and name != "xmlns") or (name != "xmlns" and not _VALUE.fullmatch(value)):
                del element.attrib[name]
    return True
