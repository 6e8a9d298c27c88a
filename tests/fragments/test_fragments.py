"""Pieces of HTML and SVG: everything escaped, nothing that runs or is fetched, and the sense in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import Project, fragments
from jupyter_pipeline.graph import layout
from jupyter_pipeline.models.documents import (
    AddedDocument,
    CheckedDocument,
    CodeDifferencesDocument,
    ComparisonDocument,
    JobDocument,
    OutputDocument,
    PipelineDocument,
    PlanDocument,
    ProjectProblemDocument,
    RequestDocument,
    StatusDocument,
)
from jupyter_pipeline.models.looks import ACTIONS, state_of
from jupyter_pipeline.pages.colours import contrast, luminance
from tests.helpers.documents import filled
from tests.helpers.study import ran_study

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\u202eevil\x1b[31m"
LEVELS = ("highly_sensitive", "moderately_sensitive", "minimally_sensitive")
NOW = ("to_run", "stale", "up_to_date", "cannot_run", "pending", "running")
TAGS = frozenset("div span strong code pre table thead tbody tr th td details summary img ul li".split())
"""All of these are let through by what cleans the HTML of untrusted notebooks in JupyterLab."""
STYLES = frozenset(
    "line-height max-width overflow-x overflow font-family margin border-left padding padding-left white-space color "
    "font-weight opacity word-break font-size max-height border-collapse text-align vertical-align border-bottom "
    "height width border-radius background-color".split()
)


def job(**changes: Any) -> JobDocument:
    known: dict[str, Any] = {
        **dict.fromkeys(("exit_code", "cpu_time", "peak_memory", "started_at", "completed_at", "elapsed", "notebook")),
        "id": "abcdabcdabcdabcd",
        "request": "aaaaaaaaaaaaaaaa",
        "action": HOSTILE,
        "state": "pending",
        "code": "created",
        "message": HOSTILE,
        "reason": HOSTILE,
        "run_command": HOSTILE,
        "runtime": HOSTILE,
    }
    return filled(JobDocument, known | changes)


def output(**changes: Any) -> OutputDocument:
    known = {"id": "abcd-0", "path": HOSTILE, "action": HOSTILE, "job": "abcd", "level": LEVELS[0], "size": 2048}
    more = {"rows": 3, "columns": 2, "viewable": False, "reason": HOSTILE, "present": False}
    return filled(OutputDocument, {**known, **more, **changes})


def pipeline(*names: str) -> PipelineDocument:
    needs = {name: list(names[:place][-1:]) for place, name in enumerate(names)}
    drawn = layout.arrange(needs)
    graph = {
        "width": drawn.width,
        "height": drawn.height,
        "nodes": [{"name": n.name, "x": n.x, "y": n.y, "width": n.width, "height": n.height} for n in drawn.nodes],
        "edges": [{"source": e.source, "target": e.target, "points": e.points} for e in drawn.edges],
    }
    actions = [
        {"name": name, "needs": needs[name], "runtime": HOSTILE, "outputs": [{"level": one} for one in LEVELS]}
        for name in names
    ]
    return filled(PipelineDocument, {"actions": actions, "graph": graph})


def status(*names: str) -> StatusDocument:
    actions = [
        {"action": name, "now": NOW[place % len(NOW)], "reason": HOSTILE, "job": job() if place % 2 else None}
        for place, name in enumerate(names)
    ]
    return filled(StatusDocument, {"actions": actions})


def request(*jobs: JobDocument, **changes: Any) -> RequestDocument:
    known: dict[str, Any] = {"number": 7, "id": "aaaa", "status": "failed", "jobs": list(jobs), "wall_clock": 61.0}
    more = {"requested_actions": [HOSTILE], "requested_by": HOSTILE, "created_at": "2026-01-02T03:04:05Z"}
    return filled(RequestDocument, {**known, **more, **changes})


def problem(**changes: Any) -> ProjectProblemDocument:
    known = {"line": 3, "severity": "error", "what": HOSTILE, "remedy": HOSTILE, "rule": "x"}
    return filled(ProjectProblemDocument, {**known, **changes})


def checked() -> CheckedDocument:
    platform = [{"title": HOSTILE, "valid": False, "reasons": 2, "groups": [{"what": HOSTILE, "remedy": HOSTILE}]}]
    found = [problem(), problem(severity="warning", line=None), problem(severity="hint")]
    counts = {"errors": 1, "warnings": 1, "hints": 1}
    return filled(CheckedDocument, {"valid": False, **counts, "problems": found, "platform": platform})


NAMES = (HOSTILE, "a", "b", "c", "d", "e")
PLAN = filled(
    PlanDocument,
    {
        "actions": [
            {"action": HOSTILE, "verdict": verdict, "reason": HOSTILE, "waits_for": None, "expected": 65.0}
            for verdict in ("run", "stale", "skip", "cannot_run")
        ],
        "counts": {"run": 1, "stale": 1, "skip": 1, "cannot_run": 1},
        "runtimes_to_build": [{"name": HOSTILE, "message": HOSTILE}],
        "stand_ins": [{"name": HOSTILE, "resolved": HOSTILE, "message": HOSTILE}],
        "code": {"branch": HOSTILE, "commit": "0123456789", "dirty": True, "changed": [HOSTILE], "changed_count": 1},
    },
)
ADDED = filled(
    AddedDocument,
    {
        "text_before_lines": [{"line": 1, "text": HOSTILE}],
        "added": [{"line": 2, "text": HOSTILE}],
        "problems": [problem(severity="hint")],
    },
)
CELLS = {"total": 3, "done": 1, "cells": [{"number": 1, "state": "done"}, {"number": 2, "state": "started"}]}
COMPARED = {"kind": "previous", "request": "aaaa", "number": 3, "added": [HOSTILE], "changed": [], "removed": ["x"]}
FILES = [{"path": HOSTILE, "change": change, "added": 3, "removed": 1} for change in ("added", "changed", "removed")]
MADE: dict[str, Callable[[], str]] = {
    "graph": lambda: fragments.pipeline(pipeline(*NAMES), status(*NAMES)),
    "graph alone": lambda: fragments.pipeline(pipeline(*NAMES)),
    "status": lambda: fragments.status(status(*NAMES)),
    "no status": lambda: fragments.status(status()),
    "plan": lambda: fragments.plan(PLAN),
    "request": lambda: fragments.request(request(job(state="running", code="executing", notebook=CELLS))),
    "empty request": lambda: fragments.request(request(status="nothing_to_do")),
    "requests": lambda: fragments.requests([request(job())]),
    "no requests": lambda: fragments.requests([]),
    "job": lambda: fragments.job(
        job(state="failed", code="nonzero_exit", exit_code=3, elapsed=2.0, peak_memory=1 << 27)
    ),
    "outputs": lambda: fragments.outputs([output(), output(viewable=True), output(level=LEVELS[1], rows=None)]),
    "no outputs": lambda: fragments.outputs([]),
    "problems": lambda: fragments.problems(checked()),
    "fault": lambda: fragments.fault(HOSTILE, HOSTILE, [problem()]),
    "log": lambda: fragments.log(HOSTILE, job(), omitted=True),
    "no log": lambda: fragments.log("", job()),
    "failure": lambda: fragments.failure(job(state="failed", code="nonzero_exit", notebook=CELLS), HOSTILE),
    "comparisons": lambda: fragments.comparisons(
        [filled(ComparisonDocument, each) for each in (COMPARED, {**COMPARED, "added": None, "reason": HOSTILE})]
    ),
    "differences": lambda: fragments.differences(filled(CodeDifferencesDocument, {"files": FILES, "number": 3})),
    "no differences": lambda: fragments.differences(filled(CodeDifferencesDocument, {"reason": HOSTILE})),
    "addition": lambda: fragments.addition(HOSTILE, [f"+ {HOSTILE}", f"- {HOSTILE}", "  x"], ADDED),
    "no addition": lambda: fragments.addition(HOSTILE, [], None),
}


class Reader(HTMLParser):
    """Notes the tags, attributes and text of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.parametrize("name", MADE)
def test_nothing_runs_and_nothing_is_fetched(name: str) -> None:
    found = read(MADE[name]())
    assert set(found.tags) <= TAGS
    for attribute, value in found.attributes:
        assert attribute in ("style", "title", "src", "alt", "width", "scope", "aria-hidden", "class"), attribute
        assert attribute != "src" or value.startswith("data:image/svg+xml;base64,")
        for rule in value.split(";") if attribute == "style" else ():
            assert rule.partition(":")[0].strip() in STYLES, rule
            assert "url" not in rule


@pytest.mark.parametrize("name", MADE)
def test_what_cannot_be_seen_is_shown(name: str) -> None:
    page = MADE[name]()
    assert "\u202e" not in page
    assert "\x1b" not in page


def svg(page: str) -> ET.Element:
    data = re.search(r"base64,([^\"]+)", page)
    assert data is not None
    return ET.fromstring(b64decode(data[1]))


def test_the_drawing_is_good_xml_and_holds_no_code() -> None:
    root = svg(fragments.pipeline(pipeline(*NAMES), status(*NAMES)))
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "g", "path", "rect", "text", "title"}
    assert not [key for each in root.iter() for key in each.attrib if key.startswith("on") or "href" in key]
    alone = ET.fromstring(fragments.graph(pipeline(*NAMES)))
    assert alone.get("role") == "img"


def test_the_drawing_tells_every_state_by_shape_and_words() -> None:
    shapes = {}
    for state in ACTIONS:
        now = state if state in NOW else "to_run"
        done = {"failed": "nonzero_exit", "cancelled": "cancelled_by_user"}.get(state)
        made = job(state="failed", code=done) if done else None
        known = filled(StatusDocument, {"actions": [{"action": "a", "now": now, "job": made}]})
        drawing = fragments.graph(pipeline("a"), known if state != "none" else None)
        if state != "none":
            assert state_of(known.actions[0]) == state
            assert ACTIONS[state].words in drawing
        shapes[state] = tuple(re.findall(r'<path d="([^"]+)" fill="([^"]+)"', drawing))
    assert len(set(shapes.values())) == len(shapes)


def test_long_names_are_shortened_in_their_middle() -> None:
    name = "measure_" + "x" * 200 + "_by_region"
    drawing = fragments.graph(pipeline(name))
    texts = [element.text or "" for element in ET.fromstring(drawing).iter() if element.tag.endswith("}text")]
    assert any(text.startswith("measure_") and text.endswith("_region") and "…" in text for text in texts)
    assert name in drawing, "the whole name is in the title"


@pytest.mark.parametrize("state", NOW)
def test_the_words_of_a_state_are_whole_in_the_narrowest_box_or_cut_at_their_end(state: str) -> None:
    known = filled(StatusDocument, {"actions": [{"action": "a", "now": state}]})
    drawing = ET.fromstring(fragments.graph(pipeline("a"), known))
    note = next(element.text or "" for element in drawing.iter() if element.get("font-size") == "10")
    words = ACTIONS[state].words
    assert note == words or (note.endswith("…") and words.startswith(note[:-1]) and len(note) > 8)


def test_marks_can_be_told_from_light_and_from_dark() -> None:
    from jupyter_pipeline.fragments.markup import TONES

    for tone in filter(lambda colour: colour.startswith("#"), TONES.values()):
        colour = (int(tone[1:3], 16), int(tone[3:5], 16), int(tone[5:7], 16))
        for page in ((255, 255, 255), (17, 17, 17)):
            assert contrast(luminance(colour), luminance(page)) >= 3


def test_many_actions_are_counted_and_only_some_listed() -> None:
    names = [f"a{number}" for number in range(1000)]
    page = fragments.status(status(*names))
    assert page.count("<tr>") == 201
    assert "And 800 more." in page
    assert len(fragments.requests([request(job())] * 3).split("<tr>")) == 5


def test_the_sense_is_in_words(tmp_path: Path) -> None:
    """What a reader is left with who throws away all tags."""
    project: Project = ran_study(tmp_path / "study")
    told = {name: " ".join(read(shown._repr_html_()).words) for name, shown in shown_of(project).items()}
    assert re.search(r"table.*up to date.*bad.*failed", told["status"])
    assert "exit code 3" in told["status"]
    assert re.search(r"raw.csv.*highly sensitive.*no: It is highly_sensitive", told["outputs"])
    assert re.search(r"bad.*failed.*after.*not run", told["request"])
    assert re.search(r"table.*run.*You asked for it|table.*run", told["plan"])
    assert "project.yaml is valid" in told["check"]
    assert "what went wrong" in told["log"]
    alt = dict(read(project.graph()._repr_html_()).attributes)["alt"]
    assert "table (up to date), needs raw" in alt


def shown_of(project: Project) -> dict[str, Any]:
    return {
        "status": project.status(),
        "outputs": project.outputs(),
        "request": project.request(),
        "plan": project.plan("table"),
        "check": project.check(),
        "log": project.log("bad"),
    }


def test_logs_lose_what_steers_a_terminal() -> None:
    text = "\x1b[31mred\x1b[0m\n10%\r50%\r100%\nWindows\r\n"
    words = "".join(read(fragments.log(text)).words)
    assert "red\n100%\nWindows\n" in words
