"""Who may ask: every verb asks for a login and for leave by the words of openapi.yaml; no other site may ask."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.api import contract
from jupyter_pipeline.server import handlers
from tests.helpers.live import API, TOKEN, Answer, Live, assert_problem, live
from tests.helpers.served_study import Study

OPERATIONS = sorted(contract.operations().items())
MADE_UP = {"project": "0" * 16, "request": "1", "job": "a" * 16, "output": "a" * 16 + "-0"}
JUDGE = """
import json
from pathlib import Path
from jupyter_server.auth import Authorizer

class Judge(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        with Path({record!r}).open("a") as record:
            record.write(json.dumps([action, resource]) + "\\n")
        return {allows}

c.ServerApp.authorizer_class = Judge
"""
UNDONE = """
from tornado import web
from jupyter_server.auth.decorator import authorized
from jupyter_pipeline.server import handlers, output_handlers

def bare(method):
    while hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    return method

post = handlers.RequestsHandler.post
"""
"""Before lines that take decorators away."""


@contextlib.contextmanager
def judged(folder: Path, root: Path, allows: bool, config: str = "") -> Iterator[Judged]:
    """A server that asks a judge, who says the same to everything and writes down what was asked."""
    record = folder / "asked"
    folder.mkdir(parents=True)
    record.touch()
    text = JUDGE.format(record=str(record), allows=allows) + config
    with live(folder / "jupyter", root, config=text, strict=False) as server:
        yield Judged(server, record)


class Judged:
    """A server, and what its judge is asked."""

    def __init__(self, server: Live, record: Path) -> None:
        self.server, self._record = server, record

    def asked_by(self, ask: Callable[..., Answer], *arguments: Any) -> tuple[Answer, list[list[str]]]:
        """What the judge is asked by one request, besides its answer."""
        self._record.write_text("")
        answer = ask(*arguments)
        return answer, [json.loads(line) for line in self._record.read_text().splitlines()]

    def faults(self) -> list[str]:
        """What is wrong with who may ask for what, of every operation of the contract; told without leave given."""
        found = []
        for (path, method), operation in OPERATIONS:
            where, name = path.format(**MADE_UP).lstrip("/"), f"{method} {path}"
            for token in (None, "wrong"):
                answer, asked = self.asked_by(ask, self.server, where, method, token)
                if answer.status not in (401, 403) or answer.media != "application/problem+json":
                    found.append(f"{name}: {answer.status} without a login")
                if asked or "not authorized to" in answer.text:
                    found.append(f"{name}: leave is asked without a login")
            answer, asked = self.asked_by(ask, self.server, where, method, TOKEN)
            if answer.status != 403:
                found.append(f"{name}: {answer.status} without leave")
            if asked != [[operation.action, operation.resource]]:
                found.append(f"{name}: asks for {asked}")
        return found


def ask(server: Live, path: str, method: str, token: str | None) -> Answer:
    """Ask in a way that only the login can be missing: the check for other sites' forms is passed."""
    body = b'{"actions": ["a"], "shown": true}' if method in ("post", "put") else None
    passing = {"Cookie": f"_xsrf={'0' * 32}", "X-XSRFToken": "0" * 32}
    return server.fetch(f"{API}/{path}", method.upper(), body=body, headers=passing, token=token)


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """A server whose judge says no; it leaves it to each handler to ask for a login."""
    home = tmp_path_factory.mktemp("denied")
    (home / "root").mkdir()
    with judged(home / "judge", home / "root", allows=False) as server:
        yield server


def layers(method: Any) -> list[str]:
    """The modules of the decorators around a method, the outermost first."""
    found = []
    while hasattr(method, "__wrapped__"):
        found.append(str(method.__code__.co_filename).replace("\\", "/"))
        method = method.__wrapped__
    return found


# -- every verb ------------------------------------------------------------------------------------


@pytest.mark.parametrize("handler", handlers.HANDLERS, ids=lambda handler: handler.__name__)
def test_every_verb_wears_both_decorators_and_there_is_none_besides(handler: Any) -> None:
    for verb in ("get", "head", "post", "put", "patch", "delete"):
        if (handler.template, verb) in contract.operations():
            outer, inner = layers(vars(handler)[verb])
            assert outer.endswith("tornado/web.py")
            assert inner.endswith("jupyter_server/auth/decorator.py")
        else:
            assert verb not in vars(handler)


def test_every_verb_asks_for_a_login_and_then_for_leave_by_the_contracts_words(denied: Judged) -> None:
    assert denied.faults() == []


@pytest.mark.parametrize(
    ("undone", "fault"),
    [
        (
            "handlers.PlanHandler.get = web.authenticated(bare(handlers.PlanHandler.get))",
            "get /projects/{project}/plan",
        ),
        ("handlers.JobsHandler.get = bare(handlers.JobsHandler.get)", "get /projects/{project}/jobs"),
        (
            "handlers.RequestsHandler.post = authorized('write', 'jupyter_pipeline:requests')(bare(post))",
            "post /projects/{project}/requests",
        ),
        (
            "handlers.RequestsHandler.post = web.authenticated(authorized('read', 'jupyter_pipeline:x')(bare(post)))",
            "post /projects/{project}/requests",
        ),
        (
            "output_handlers.ViewHandler.get = web.authenticated(authorized(bare(output_handlers.ViewHandler.get)))",
            "get /projects/{project}/outputs/{output}/view",
        ),
    ],
    ids=["no leave", "nothing", "no login", "another action", "no words"],
)
def test_decorator_that_is_missing_or_says_something_else_is_found(tmp_path: Path, undone: str, fault: str) -> None:
    (tmp_path / "root").mkdir()
    with judged(tmp_path / "judge", tmp_path / "root", allows=False, config=UNDONE + undone) as server:
        faults = server.faults()
    assert faults
    assert all(one.startswith(f"{fault}: ") for one in faults), faults


def test_verbs_that_are_not_in_the_contract_do_nothing(denied: Judged) -> None:
    for path in dict.fromkeys(path for (path, _), _ in OPERATIONS):
        for verb in ("head", "delete", "patch", "put", "post", "get"):
            if (path, verb) not in contract.operations():
                where = path.format(**MADE_UP).lstrip("/")
                for token in (None, TOKEN):
                    answer, asked = denied.asked_by(ask, denied.server, where, verb, token)
                    assert answer.status in (401, 403, 405), (verb, path, answer.status)
                    assert asked == []


def test_options_tell_nothing(denied: Judged) -> None:
    found = denied.server.fetch(f"{API}/projects", "OPTIONS", token=None)
    assert found.body == b""


def test_leave_that_is_given_is_asked_for_once_and_the_answer_comes(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with judged(tmp_path / "judge", tmp_path / "root", allows=True) as server:
        answer, asked = server.asked_by(server.server.ask, "projects")
        assert (answer.status, asked) == (200, [["read", "jupyter_pipeline:projects"]])


def test_server_that_forbids_what_needs_no_login_starts_and_complains_of_nothing(server: Live) -> None:
    """jupyter_server warns of every verb that says neither that it needs a login nor that it needs none."""
    assert "allow_unauthenticated" not in server.log
    for (path, method), _ in OPERATIONS:
        for token in (None, "wrong"):
            found = ask(server, path.format(**MADE_UP).lstrip("/"), method, token)
            assert_problem(found, 401, 403)


# -- other sites -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session(server: Live) -> dict[str, str]:
    """The cookies of somebody who has logged in, and the XSRF token among them."""
    page = server.fetch("login", token=None)
    logged_in = server.fetch("api/status").cookies
    assert "_xsrf" in page.cookies
    assert logged_in
    return {**page.cookies, **logged_in}


def cookies(session: dict[str, str], **headers: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in session.items()), **headers}


def test_session_may_read(server: Live, session: dict[str, str]) -> None:
    assert server.ask("projects", headers=cookies(session), token=None).status == 200


@pytest.mark.parametrize(("path", "method"), [one for one, _ in OPERATIONS if one[1] != "get"])
def test_session_without_its_xsrf_token_may_change_nothing(
    study: Study, session: dict[str, str], path: str, method: str
) -> None:
    where = path.format(**MADE_UP | {"project": study.id}).lstrip("/")
    before = study.get("events")["revision"]
    for headers in ({}, {"X-XSRFToken": "0" * 32}):
        found = study.server.fetch(
            f"{API}/{where}",
            method.upper(),
            body=b'{"actions": ["table_csv"]}',
            headers=cookies(session, **headers),
            token=None,
        )
        assert assert_problem(found, 403)
        assert "XSRF" in found.json["detail"] or "_xsrf" in found.json["detail"]
    assert study.get("events")["revision"] == before


def test_session_with_its_xsrf_token_may(study: Study, session: dict[str, str]) -> None:
    headers = cookies(session, **{"X-XSRFToken": session["_xsrf"]})
    found = study.server.ask(
        f"{study.path}/requests", "POST", content={"actions": ["no_such_action"]}, headers=headers, token=None
    )
    assert "no_such_action" in assert_problem(found, 422)


@pytest.mark.parametrize(("path", "method"), [one for one, _ in OPERATIONS])
def test_other_sites_are_refused(study: Study, session: dict[str, str], path: str, method: str) -> None:
    where = path.format(**MADE_UP | {"project": study.id}).lstrip("/")
    headers = cookies(session, Origin="https://elsewhere.example", **{"X-XSRFToken": session["_xsrf"]})
    body = b"{}" if method != "get" else None
    found = study.server.fetch(f"{API}/{where}", method.upper(), body=body, headers=headers, token=None)
    assert_problem(found, 403, 404)
    assert "access-control-allow-origin" not in found.headers or not found.headers["access-control-allow-origin"]


@pytest.mark.parametrize("what", ["content", "view"])
def test_page_of_another_site_cannot_show_an_output(study: Study, session: dict[str, str], what: str) -> None:
    where = f"{study.path}/outputs/{study.output('picture.png')['id']}/{what}"
    own = f"http://127.0.0.1:{study.server.port}/lab"
    for referer in (None, "https://elsewhere.example/page"):
        headers = cookies({name: value for name, value in session.items() if name != "_xsrf"})
        headers |= {"Referer": referer} if referer else {}
        assert_problem(study.server.ask(where, headers=headers, token=None), 403)
    assert study.server.ask(where, headers=cookies(session, Referer=own), token=None).status == 200


def test_log_page_cannot_be_shown_by_another_site(study: Study, session: dict[str, str]) -> None:
    job = study.output("picture.png")["job"]
    where = f"{study.path}/jobs/{job}/log/view"
    found = study.server.ask(where, headers=cookies(session, Referer="https://elsewhere.example/"), token=None)
    assert_problem(found, 403)
    found = study.server.ask(where)
    assert found.status == 200
    assert "frame-ancestors 'self'" in found.headers["content-security-policy"]
