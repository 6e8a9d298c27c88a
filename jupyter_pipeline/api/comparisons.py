"""What the routes answer about the outputs of two requests: which belong together, and two of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from .. import pages
from ..errors import NotFound, OutputRefused
from ..models import Level
from ..models.documents import OutputPairDocument, OutputPairsDocument
from ..pages import PageHead
from ..project.output_comparison import Compared, OutputPair
from ..project.views import ViewedOutput
from .exchange import Call, Reply, as_json
from .outputs import (
    IMAGES,
    as_page,
    document_of,
    facts_of,
    notices_of,
    suffix_of,
)

Draw = Callable[[PageHead, Compared], str]


def output_pairs(call: Call) -> Reply:
    """The outputs of a request beside those of another."""
    request = call.project.request(call["request"]).request.id
    found = call.project.output_pairs(request, call["with"])
    other = found.other.id if found.other else None
    return as_json(OutputPairsDocument(request=found.request.id, with_=other, outputs=tuple(map(_pair, found.pairs))))


def comparison(call: Call) -> Reply:
    """Two outputs as a page; where one of them may not be seen or is gone, a page that says why."""
    left, right = call.project.output(call["with"]), call.project.output(call["output"])
    head = PageHead(right.file.path, _facts(left, right), notices_of(right) or notices_of(left))
    try:
        found = call.project.compare_outputs(right.id, left.id, call.who)
        return as_page(_DRAWINGS[suffix_of(right)](head, found))
    except ValueError as error:
        status, reason, remedy = HTTPStatus.FORBIDDEN, str(error), "Look at each by itself."
    except OutputRefused as refused:
        status, reason, remedy = HTTPStatus.FORBIDDEN, refused.message, refused.remedy
    except NotFound as gone:  # both were made once, but a file is gone: the page stands in a frame
        status, reason, remedy = HTTPStatus.NOT_FOUND, gone.message, gone.remedy
    page = pages.refusal_page(head.title, reason, remedy, head.notices, head.facts)
    return as_page(page, status)


def _pair(pair: OutputPair) -> OutputPairDocument:
    return OutputPairDocument(
        path=pair.either.file.path,
        action=pair.either.file.action,
        level=Level(pair.level),
        left=document_of(pair.left) if pair.left else None,
        right=document_of(pair.right) if pair.right else None,
        same=pair.same,
        comparable=pair.comparable.allowed,
        reason=pair.comparable.reason,
    )


def _facts(left: ViewedOutput, right: ViewedOutput) -> list[tuple[str, str]]:
    """What is known of both; what is the same is said once."""
    told = [{"Path": one.file.path, **dict(facts_of(one))} for one in (left, right)]
    if told[0]["Path"] == told[1]["Path"]:  # the title says it
        told = [{name: one[name] for name in one if name != "Path"} for one in told]
    values = {name: [one.get(name, "-") for one in told] for name in {**told[0], **told[1]}}
    return [(name, one if one == other else f"{one} → {other}") for name, (one, other) in values.items()]


def _image(head: PageHead, found: Compared) -> str:
    media = IMAGES[suffix_of(found.left)], IMAGES[suffix_of(found.right)]
    return pages.image_comparison_page(head, *found.contents, media)


def _table(head: PageHead, found: Compared) -> str:
    left, right = (pages.read_csv(text) for text in _texts(found))
    return pages.table_comparison_page(head, left, right)


def _lines(make: Callable[[PageHead, str, str], str]) -> Draw:
    return lambda head, found: make(head, *_texts(found))


def _texts(found: Compared) -> Any:
    return [content.decode("utf-8-sig", errors="replace") for content in found.contents]


_DRAWINGS: Mapping[str, Draw] = {
    **dict.fromkeys(IMAGES, _image),
    **dict.fromkeys((".txt", ".md", ".yaml", ".yml", ".log"), _lines(pages.text_comparison_page)),
    ".json": _lines(pages.json_comparison_page),
    ".csv": _table,
}
