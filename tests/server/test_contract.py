"""openapi.yaml: the document itself, that the handlers are what it lists, and what is asked wrongly."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jupyter_pipeline.api import contract
from jupyter_pipeline.server import handlers
from jupyter_pipeline.server.base import Handler
from tests.helpers.faults import step
from tests.helpers.live import (
    API,
    BASE,
    TOKEN,
    Live,
    assert_problem,
    finished,
    submit,
)
from tests.helpers.served_study import SECRET, NewStudy, Study

DOCUMENT = Path(contract.__file__).with_name("openapi.yaml")
RAW: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
LOADED = schemathesis.openapi.from_path(DOCUMENT)
OPERATIONS = sorted(contract.operations())
EXAMPLES = 10
"""Generated requests of each operation, in each way of making them."""
SETTINGS = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Characters that no value of an HTTP header may have."""
ENOUGH = 50
"""Malformed variants of each operation."""


def verbs_of(handler: type[Handler]) -> set[str]:
    """The verbs that a handler's own class answers."""
    return {verb for verb in ("get", "head", "post", "put", "patch", "delete") if verb in vars(handler)}


# -- the document ----------------------------------------------------------------------------------


def test_document_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(RAW).validate()
    assert RAW["openapi"].startswith("3.1.")


@pytest.mark.parametrize(
    "place", [("info", "title"), ("paths", "/version", "get", "responses", "200", "description"), ("info", "version")]
)
def test_document_without_one_of_its_parts_is_not(place: tuple[str, ...]) -> None:
    broken = copy.deepcopy(RAW)
    node = broken
    for step_ in place[:-1]:
        node = node[step_]
    del node[place[-1]]
    with pytest.raises(Exception, match=re.escape(place[-1])):
        schemathesis.openapi.from_dict(broken).validate()


def test_every_reference_of_the_document_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for part in node:
                yield from references(part)

    found = set(references(RAW))
    assert found
    for reference in found:
        target = RAW
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
    used = {reference.rsplit("/", 1)[1] for reference in found}
    assert {name for kind in ("parameters", "responses", "schemas") for name in RAW["components"][kind]} == used


def test_every_operation_has_a_handlers_verb_and_every_verb_an_operation() -> None:
    handled = {(handler.template, verb) for handler in handlers.HANDLERS for verb in verbs_of(handler)}
    assert handled == set(OPERATIONS)
    assert len({handler.template for handler in handlers.HANDLERS}) == len(handlers.HANDLERS)


def test_every_path_variable_is_described_and_every_operation_says_who_may() -> None:
    for (path, method), operation in contract.operations().items():
        described = {one.name for one in operation.parameters if one.place == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path)), (path, method)
        assert operation.action == ("read" if method == "get" else "write")
        assert operation.resource.startswith("jupyter_pipeline:")


def test_document_is_served_as_it_is_shipped(server: Live) -> None:
    found = server.ask("openapi.yaml")
    assert (found.status, found.media) == (200, "application/yaml")
    assert found.body == DOCUMENT.read_bytes()


# -- generated requests ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Places:
    """Real identifiers, for the variable parts of paths."""

    study: Study
    request: str
    jobs: tuple[str, ...]
    outputs: tuple[str, ...]

    def values(self, number: int) -> dict[str, str]:
        """The parts of a path; another `number`, another output."""
        return {
            "project": self.study.id,
            "request": self.request,
            "job": self.jobs[number % len(self.jobs)],
            "output": self.outputs[number % len(self.outputs)],
        }


def places_of(study: Study) -> Places:
    request = study.get("requests")["requests"][-1]
    outputs = study.get("outputs")["outputs"]
    return Places(study, request["id"], tuple(one["job"] for one in outputs), tuple(one["id"] for one in outputs))


@pytest.fixture(scope="module")
def places(study: Study) -> Places:
    return places_of(study)


@contextlib.contextmanager
def no_surprise(case: Any) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{case.method} {case.formatted_path} {case.query} {case.body!r}: {error}") from error


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_generated_requests_are_answered_as_the_document_says(
    places: Places, path: str, method: str, mode: schemathesis.GenerationMode
) -> None:
    """Never a 5xx; the status, the type and the form of every answer are declared."""
    operation = LOADED[path][method]
    server = places.study.server
    base = f"http://127.0.0.1:{server.port}{BASE}{API}"
    answered: list[int] = []

    @SETTINGS
    @given(case=operation.as_strategy(mode), number=st.integers(-5, 40))
    def ask(case: Any, number: int) -> None:
        if number >= 0 and case.path_parameters:
            real = places.values(len(answered))
            case.path_parameters = {name: real[name] for name in case.path_parameters}
            if (case.query or {}).get("backend") is not None:
                case.query["backend"] = "expectations"
        if isinstance((case.query or {}).get("wait"), int | float):
            case.query["wait"] = 0
        if isinstance((case.query or {}).get("actions"), list):
            case.query["actions"] = case.query["actions"][:200]  # tornado refuses a thousand, without a word
        if path.endswith("/requests") and method == "post" and isinstance(case.body, dict) and case.body.get("actions"):
            case.body = case.body | {"actions": ["no_such_action"]}
        if isinstance(case.body, dict) and case.body.get("write") is True:
            case.body = case.body | {"write": False}
        if isinstance(case.body, dict) and case.body.get("shown") is True:
            case.body = case.body | {"shown": False}  # the study is shared
        # What is no HTTP is refused before anything of ours is asked, without a word.
        case.headers = {name: value for name, value in (case.headers or {}).items() if not CONTROL.search(str(value))}
        found = case.call(base_url=base, headers={"Authorization": f"token {TOKEN}"})
        answered.append(found.status_code)
        with no_surprise(case):
            assert found.status_code < 500, found.text
            checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
            case.validate_response(found, checks=checks)

    ask()
    if mode is schemathesis.GenerationMode.POSITIVE and path.count("{") < 3 and method == "get":
        # the study has no notebook, and nobody guesses the name of another output
        assert 200 in answered or path.endswith(("/table", "/scripts", "/report", "/comparison")), answered


def test_answers_of_requests_that_change_something_conform(new_study: NewStudy) -> None:
    own = new_study(step("a") + step("b", "sleep 600"))
    asked = submit(own.server, own.id, "a", "b")

    def conforms(path: str, method: str, **sent: Any) -> Any:
        case = LOADED[path][method].Case(**sent)
        base = f"http://127.0.0.1:{own.server.port}{BASE}{API}"
        found = case.call(base_url=base, headers={"Authorization": f"token {TOKEN}", **sent.get("headers", {})})
        case.validate_response(
            found, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
        )
        return found

    project = {"project": own.id}
    made = conforms("/projects/{project}/requests", "post", path_parameters=project, body={"actions": ["a"]})
    assert made.status_code == 201
    switch = conforms("/projects/{project}/synthetic", "put", path_parameters=project, body={"shown": True})
    assert switch.json() == {"allowed": True, "shown": True}
    slow = next(job["id"] for job in asked["jobs"] if job["action"] == "b")
    stopped = conforms("/projects/{project}/jobs/{job}/cancel", "post", path_parameters=project | {"job": slow})
    assert stopped.json() == {"cancelled": 1}
    whole = conforms(
        "/projects/{project}/requests/{request}/cancel", "post", path_parameters=project | {"request": asked["id"]}
    )
    assert whole.status_code == 200
    finished(own.server, own.id, asked["id"])


# -- malformed requests ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrong:
    """One request that must be refused; `path` is below the API's prefix and already quoted."""

    path: str
    method: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_UTF8 = [
    "%ff",
    "%c3%28",
    "%c0%af",
    "%ed%a0%80",
    "%f5%80%80%80",
    "%80",
    "a%feb",
    "%e2%82",
    "%f0%9f%98",
    "%bf%bf",
    "%fe",
    "%c2",
]
WHOLE = "|x|-1|1.5|1e3|0x10| 1|+1|1_000|99999999999999999999|NaN|null|true|[]|1\0|\uff11|٣|²|1;2|--1|1\n".split("|")
BAD_VALUES: dict[str, list[str]] = {
    "integer": WHOLE,
    "number": "|x|-1|61|nan|inf|1e1|0x1|.5|1.|1,5|null|60.1|٣|1\0|99999999999999999999".split("|"),
    "boolean": "|yes|TRUE|True|2|-1|null|on|[]|true\0|true\n|t".split("|"),
}
BAD_NAMES = [
    *("..", ".", "...", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "..%5c..%5cwin.ini", "C%3A%5Cx", "~root", "%00"),
    *("a%00b", "%ff", "%c0%ae%c0%ae", "a" * 5000, "%D9%A1" * 16, "%EF%BC%91" * 16, "ABCDEF0123456789", "%20", "a%20b"),
    *(
        "%27%20OR%201%3D1",
        "%25",
        "*",
        "%3Cscript%3E",
        "project.yaml",
        "-1",
        "0x10",
        "null",
        "%0a",
        "%E2%80%AE",
        "$HOME",
    ),
    *("1e9", "%F0%9F%98%80", "zzzzzzzzzzzzzzzz-99999999", "zzzzzzzzzzzzzzzz", "99999999999999999", "_", "a.b", "a;b"),
]
BAD_BACKENDS = [
    "",
    "..",
    "-x",
    "a/b",
    "../x",
    "a b",
    "é",
    "\0",
    "a" * 101,
    "expectations\n",
    "_a",
    "a.b",
    "%",
    "~",
    "٣",
]
BAD_RANGES = [
    *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "items=0-1", "bytes=0-1,3-4", "bytes=--1", "0-1"),
    *("bytes=1-2-3", "bytes=9999999999999999-", "bytes=-0", "bytes:0-1", "bytes=0x1-", "bytes=1e1-2", "none", "*"),
    *("bytes=999999999-", "bytes=+1-2", "bytes=²-", "bytes= 0-1", "bytes=0 -1"),
]
BAD_KEYS = ["", "a b", "k" * 201, "é", "a\tb", "ÿ", " "]
GOOD = {"requests": {"actions": ["no_such_action"]}, "synthetic": {"shown": True}}
BAD_BODIES: list[bytes] = [
    *(b"", b" ", b"{", b"}", b"[]", b"null", b"7", b'"x"', b"{}", b"{'a': 1}", b"actions=a", b"\xff\xfe", b"\x00"),
    *(
        b'{"actions"}',
        b"[" * 100_000,
        b'{"actions":' * 5000,
        b'{"actions": ["a"], "shown": true} x',
        b"NaN",
        b"-Infinity",
    ),
    *(b"1" * 5000, b"1e99999", b"\xef\xbb\xbf{}", b"true", b"<xml/>", b'{"__proto__": {}}'),
]


def filled(name: str, values: Sequence[Any], /, **more: Any) -> list[Any]:
    """Bodies with each of these values under a name."""
    return [{**more, name: value} for value in values]


BAD_PARTS: dict[str, list[Any]] = {
    "requests": [
        *filled("actions", [None, [], "a", {}, 1, [1], [None], [""], [[]], ["a" * 201], [True], [{}], ["a"] * 10_001]),
        *filled("actions", [[name] for name in ("..", "../../etc/passwd", "\ud800", "no_such_action", "a b", "\0")]),
        *filled("force", [None, 1, 0, "true", [], {}], actions=["a"]),
        *filled("revision", [1, "", [], {}, True, "r" * 201, "\0", "-x", "../.."], actions=["a"]),
        *({"action": ["a"]}, {"actions": ["a"], "more": 1}),
    ],
    "synthetic": [
        *filled("shown", [None, 0, 1, "true", "", [], {}, 1.0, [True], {"shown": True}]),
        *({"shown": True, "more": 1}, {"show": True}, {"SHOWN": True}),
    ],
    "check": [*filled("text", [None, 1, [], {}, True]), {"text": "", "more": 1}, {"Text": ""}],
    "actions": [
        *filled("name", [None, 1, "", [], {}, "n" * 201, "../x", "a b", "\0", "\ud800"], run="sh:v1 a", outputs={}),
        *filled("run", [None, 1, "", [], {}, "x" * 100_001, "sh:v1 '", "\ud800", "nothing"], name="new", outputs={}),
        *filled("needs", [None, 1, "a", {}, [1], [""], ["nobody"], ["\ud800"]], name="new", run="sh:v1 a", outputs={}),
        *filled("outputs", [None, 1, "a", [], {}, {"a": {"b": "output/x"}}, {"a": "b"}], name="new", run="sh:v1 a"),
        *filled(
            "outputs", [{"highly_sensitive": each} for each in ({}, {"x": 1}, {"x": ""}, {"x": "../x"})], name="new"
        ),
        *filled("seen", ["", "0" * 64, "0" * 63, 1, "G" * 64], name="new", run="sh:v1 a", outputs={}),
        *filled("write", [None, 1, "true"], name="new", run="sh:v1 a", outputs={}),
    ],
    "reports": [
        *filled(
            "path", [None, 1, "", [], {}, "x.ipynb", "/etc/passwd", "../../x.ipynb", "project.yaml", "\0.ipynb", "."]
        ),
        *filled("path", ["a" * 5000 + ".ipynb", "\ud800.ipynb", "output/table.csv", ".jupyter_pipeline/x.ipynb"]),
    ],
}


def malformed(path: str, method: str, real: Mapping[str, str]) -> Iterator[Wrong]:
    """Requests of one operation that are wrong in one way each."""
    operation = contract.operations()[path, method]
    whole = path.format(**real).lstrip("/")
    for text in NOT_UTF8:
        for query in (f"x={text}", f"{text}=1", f"backend={text}", f"a=1&limit=1&b={text}"):
            yield Wrong(f"{whole}?{query}", method)
    yield Wrong(f"{whole}?{'&' * 5}{'a=1&' * 900}x=%ff", method)
    for verb in {"delete", "patch", "put", "post", "get"} - {one for place, one in OPERATIONS if place == path}:
        yield Wrong(whole, verb)
    for name in re.findall(r"\{(\w+)\}", path):
        for value in BAD_NAMES:
            if name != "request" or value != "null":
                yield Wrong(path.format(**{**real, name: value}).lstrip("/"), method)
    for parameter in operation.parameters:
        for wrong in wrong_values(parameter):
            if parameter.place == "query":
                yield Wrong(f"{whole}?{parameter.name}={quote(wrong, safe='')}", method)
                if "default" in parameter.schema and parameter.schema.get("type") != "array":
                    first = quote(str(parameter.schema["default"]).lower())
                    yield Wrong(f"{whole}?{parameter.name}={first}&{parameter.name}={quote(wrong, safe='')}", method)
    yield from malformed_parts(operation, whole, method)


def malformed_parts(operation: contract.Operation, whole: str, method: str) -> Iterator[Wrong]:
    """Of the same, those whose headers or whose body are wrong."""
    kind = whole.rsplit("/", 1)[-1]
    headers = {parameter.name for parameter in operation.parameters if parameter.place == "header"}
    for wrong in BAD_RANGES if "Range" in headers else ():
        yield Wrong(whole, method, headers={"Range": wrong})
    for wrong in BAD_KEYS if "Idempotency-Key" in headers else ():
        yield Wrong(whole, method, json.dumps(GOOD[kind]).encode(), {"Idempotency-Key": wrong})
    if operation.body is not None:
        for body in [*BAD_BODIES, *(json.dumps(part).encode() for part in BAD_PARTS[kind])]:
            yield Wrong(whole, method, body)


def wrong_values(parameter: contract.Parameter) -> list[str]:
    """Texts that a parameter may not be."""
    schema = parameter.schema
    found = list(BAD_VALUES.get(schema.get("type", ""), ()))
    found += ["x" * (schema["maxLength"] + 1)] if schema.get("type") == "string" and "maxLength" in schema else []
    found += [str(schema["maximum"] + 1)] if "maximum" in schema and schema["maximum"] < 10**17 else []
    found += [str(schema["minimum"] - 1)] if "minimum" in schema else []
    found += ["", "done", "PENDING", "0", "pending,failed"] if "enum" in schema else []
    found += BAD_BACKENDS if parameter.name == "backend" else []
    found += [",", "1,", "a", "1,,2", "-1", "1" * 7, "٣", "1\n"] if parameter.name == "hide" else []
    found += ["Job", "a" * 17, "..", "a-0", ""] if parameter.name == "job" else []
    return found


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_malformed_requests_are_refused_with_a_reason(places: Places, path: str, method: str) -> None:
    wrongs = list(malformed(path, method, places.values(0)))
    assert len(wrongs) >= ENOUGH
    for wrong in wrongs:
        headers = {name: value.encode("utf-8").decode("latin-1") for name, value in wrong.headers.items()}
        body = b"" if wrong.body is None and wrong.method in ("post", "put", "patch") else wrong.body
        found = places.study.server.fetch(f"{API}/{wrong.path}", wrong.method.upper(), body=body, headers=headers)
        assert 400 <= found.status < 500, (wrong, found.status, found.text[:500])
        if "data-jupyter-api-token" not in found.text:
            assert_problem(found)
        assert SECRET not in found.text
        assert "root:" not in found.text
        assert len(found.text) < 20_000, (wrong, len(found.text))


@pytest.mark.parametrize(
    "path", ["nothing", "", "projects/", "version/", "projects/{project}/nothing", "projects//jobs"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_path_that_the_document_does_not_know_is_a_problem_too(study: Study, path: str, method: str) -> None:
    found = study.server.ask(path.format(project=study.id), method)
    assert_problem(found, 404, 405)


def test_parameter_of_jupyters_own_that_is_no_text(server: Live) -> None:
    """jupyter_server reads it while it sends the answer."""
    assert_problem(server.fetch(f"{API}/version?no_track_activity=%ff", timeout=15), 400)


def test_verb_that_is_not_allowed_is_told_with_those_that_are(server: Live) -> None:
    found = server.ask("version", "DELETE")
    assert_problem(found, 405)
    assert "GET" in found.headers["allow"]


def test_request_line_that_is_not_ascii(server: Live) -> None:
    asked = f"GET {BASE}{API}/projects?path=\xff HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n"
    assert b" 5" not in server.raw(asked.encode("latin-1")).partition(b"\r\n")[0]
    assert server.get("version")


def test_body_that_is_larger_than_any_sensible_one(study: Study) -> None:
    body = b'{"actions": ["' + b"a" * 4_000_000 + b'"]}'
    found = study.server.ask(f"{study.path}/requests", "POST", body=body)
    assert_problem(found, 400, 413)
    assert len(found.text) < 2000
