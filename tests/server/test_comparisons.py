"""Two requests compared through the routes: code, outputs, and the gate, which is asked for both sides."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.faults import run, step
from tests.helpers.live import Answer, Live, assert_problem, project_id
from tests.helpers.served_study import PNG, SECRET, Study
from tests.helpers.support import SETTINGS, make_project, notebook

FILES = {
    "table.csv": ("group,count\nA,10\nB,20\n", "group,count\nA,10\nB,25\nC,30\n"),
    "notes.txt": ("first\nx = 1\n", "first\nx = 2 <b>\n"),
    "same.txt": ("the same\n", "the same\n"),
    "facts.json": ('{"n": 1}\n', '{"n": 2}\n'),
    "page.html": ("<p>one</p>", "<p>two</p>"),
}
SECRETS = {"secret.csv": ("highly_sensitive", f"name,count\n{SECRET},%d\n")}
SECRETS["patients.csv"] = ("moderately_sensitive", f"patient_id,sbp\n%d,{SECRET}\n")


def actions() -> str:
    made = [step(name.replace(".", "_"), f"cat inputs/{name} > output/{name}", out=f"output/{name}") for name in FILES]
    made += [
        step(name.replace(".", "_"), f"cat inputs/{name} > output/{name}", level=level, out=f"output/{name}")
        for name, (level, _) in SECRETS.items()
    ]
    made.append(step("picture", "base64 -d inputs/picture > output/picture.png", out="output/picture.png"))
    return "".join(made)


def run_twice(folder: Path, **settings: Any) -> Path:
    """A project that was run, changed, and run again; then one of its actions, then all, with nothing to do."""
    make_project(folder, actions(), SETTINGS)
    (folder / "inputs").mkdir()
    (folder / "same.py").write_text("same\n")
    picture = base64.b64decode(PNG)
    for which in (0, 1):
        for name, texts in FILES.items():
            (folder / "inputs" / name).write_text(texts[which])
        for name, (_, text) in SECRETS.items():
            (folder / "inputs" / name).write_text(text % which)
        (folder / "inputs/picture").write_bytes(base64.b64encode(picture + bytes(which)))
        (folder / "report.ipynb").write_text(json.dumps(notebook(f"limit = {which}", "plot()")))
        run(folder, **settings)
    run(folder, "picture", **settings)
    run(folder, **settings)
    return folder


@pytest.fixture(scope="module")
def twice(server: Live) -> Study:
    folder = run_twice(server.root / "own" / "compared")
    return Study(server, folder, project_id(server, "own/compared"))


@pytest.fixture(scope="module")
def real(server: Live) -> Study:
    """The same on a backend whose data are real."""
    folder = run_twice(server.root / "own" / "compared-real", backend="tpp")
    return Study(server, folder, project_id(server, "own/compared-real"))


def pairs(study: Study, request: str = "2", other: str = "1", **query: Any) -> dict[str, Any]:
    found = study.get(f"requests/{request}/outputs", **({"with": other} | query))
    return {one["path"].removeprefix("output/"): one for one in found["outputs"]}


def compare(study: Study, pair: Any, **query: Any) -> Answer:
    given = {"with": pair["left"]["id"]} | query
    return study.server.ask(f"{study.path}/outputs/{pair['right']['id']}/comparison", query=given)


def looks(study: Study, **query: Any) -> list[Any]:
    found: list[Any] = study.get("views", **query)["views"]
    return found


# -- code ------------------------------------------------------------------------------------------


def test_files_of_the_code_that_differ(twice: Study) -> None:
    found = twice.get("requests/2/differences", **{"with": "1"})
    assert found["number"] == 1
    assert found["reason"] == ""
    kinds = {file["path"]: (file["change"], file["kind"], file["added"], file["removed"]) for file in found["files"]}
    assert kinds["inputs/notes.txt"] == ("changed", "text", 1, 1)
    assert kinds["report.ipynb"] == ("changed", "notebook", 1, 1)
    assert "same.py" not in kinds
    assert twice.get("requests/2/differences") == found


def test_one_file_side_by_side(twice: Study) -> None:
    text = twice.get("requests/2/differences", **{"with": "previous", "path": "inputs/notes.txt"})
    assert [row["kind"] for row in text["rows"]] == ["same", "changed"]
    assert text["rows"][1]["left"] == {"line": 2, "text": "x = 1", "marks": [[4, 5]]}
    book = twice.get("requests/2/differences", **{"with": "previous_successful", "path": "report.ipynb"})
    assert [(cell["kind"], cell["left"], cell["right"]) for cell in book["cells"]] == [
        ("changed", 1, 1), ("same", 2, 2)
    ]  # fmt: skip


@pytest.mark.parametrize("query", [{"path": "same.py"}, {"path": "../x"}, {"with": "99"}, {"with": "abcdefgh"}])
def test_what_is_not_there_is_not_found(twice: Study, query: dict[str, str]) -> None:
    assert_problem(twice.server.ask(f"{twice.path}/requests/2/differences", query=query), 404)


def test_first_request_has_nothing_to_be_compared_with(twice: Study) -> None:
    found = twice.get("requests/1/differences")
    assert (found["with"], found["files"]) == (None, [])
    assert found["reason"]
    outputs = twice.get("requests/1/outputs")
    assert outputs["with"] is None
    assert all(one["left"] is None and not one["comparable"] for one in outputs["outputs"])


# -- outputs ---------------------------------------------------------------------------------------


def test_outputs_of_two_requests_beside_one_another(twice: Study) -> None:
    found = pairs(twice)
    told = {name: (one["same"], one["comparable"]) for name, one in found.items()}
    assert told == {
        "table.csv": (False, True),
        "notes.txt": (False, True),
        "same.txt": (True, True),
        "facts.json": (False, True),
        "page.html": (False, False),
        "picture.png": (False, True),
        "secret.csv": (False, False),
        "patients.csv": (False, False),
    }
    assert found["page.html"]["reason"] == "Files of type .html are not compared: look at each by itself."
    assert found["secret.csv"]["reason"].startswith("The earlier one may not be viewed. It is highly_sensitive")
    assert found["secret.csv"]["level"] == "highly_sensitive"
    assert found["table.csv"]["left"]["request"] != found["table.csv"]["right"]["request"]


def test_actions_that_had_nothing_to_do_count_with_what_they_had(twice: Study) -> None:
    found = pairs(twice, "4", "2")
    assert len(found) == len(FILES) + len(SECRETS) + 1
    assert {name for name, one in found.items() if one["left"]["id"] != one["right"]["id"]} == {"picture.png"}
    assert all(one["same"] for one in found.values())


def test_only_what_the_request_was_about_is_compared(twice: Study) -> None:
    assert list(pairs(twice, "3", "2")) == ["picture.png"]
    later = pairs(twice, "4", "3")
    assert later["table.csv"]["left"] is None
    assert later["table.csv"]["reason"] == "Only the later request has it."


def test_tables_are_compared_cell_by_cell(twice: Study) -> None:
    answer = compare(twice, pairs(twice)["table.csv"])
    assert answer.status == 200
    assert_page(answer)
    assert "<del>20</del> <ins>25</ins>" in answer.text
    assert "Rows: 1 changed, 1 added (1 cell changed), 1 the same. Matched by group." in answer.text


def assert_page(answer: Answer) -> None:
    assert answer.media == "text/html"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "no-store" in answer.headers["cache-control"]
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("notes.txt", "&lt;b&gt;"),
        ("facts.json", "<del>1</del>"),
        ("same.txt", "Both are the same."),
        ("picture.png", "<figcaption>Earlier</figcaption>"),
    ],
)
def test_other_files_are_shown_beside_one_another(twice: Study, name: str, shown: str) -> None:
    answer = compare(twice, pairs(twice)[name])
    assert answer.status == 200
    assert_page(answer)
    assert shown in answer.text


def test_both_looks_are_recorded(twice: Study) -> None:
    pair = pairs(twice)["table.csv"]
    before = len(looks(twice))
    compare(twice, pair)
    left, right = looks(twice)[: len(looks(twice)) - before][::-1]
    assert (left["job"], right["job"]) == (pair["left"]["job"], pair["right"]["job"])
    assert (left["detail"], right["detail"]) == (f"beside {pair['right']['id']}", f"beside {pair['left']['id']}")
    assert left["path"] == right["path"] == "output/table.csv"
    assert left["kind"] == right["kind"] == "output"


@pytest.mark.parametrize("name", ["secret.csv", "patients.csv", "page.html"])
@pytest.mark.parametrize("backend", ["expectations", "tpp"])
def test_what_may_not_be_seen_is_refused_and_no_look_recorded(
    twice: Study, real: Study, name: str, backend: str
) -> None:
    study = twice if backend == "expectations" else real
    pair = pairs(study, backend=backend)[name]
    assert pair["comparable"] is False
    before = looks(study, backend=backend)
    answer = compare(study, pair, backend=backend)
    assert answer.status == 403
    assert_page(answer)
    assert SECRET not in answer.text
    assert "They may not be compared." in answer.text
    assert looks(study, backend=backend) == before


def test_one_side_that_may_not_be_seen_is_enough(twice: Study) -> None:
    found = pairs(twice)
    for left, right in (("secret.csv", "table.csv"), ("table.csv", "secret.csv")):
        answer = compare(twice, {"left": found[left]["left"], "right": found[right]["right"]})
        assert answer.status == 403
        assert SECRET not in answer.text


def test_data_of_a_real_backend_are_never_shown_by_a_switch(real: Study) -> None:
    refused = real.server.ask(
        f"{real.path}/synthetic", "PUT", content={"shown": True}, query={"backend": "tpp"}
    )  # fmt: skip
    assert refused.status == 403
    assert compare(real, pairs(real, backend="tpp")["secret.csv"], backend="tpp").status == 403
    assert compare(real, pairs(real, backend="tpp")["table.csv"], backend="tpp").status == 200


def test_synthetic_data_are_shown_under_a_banner_where_somebody_asked_for_it(server: Live, tmp_path: Path) -> None:
    folder = run_twice(server.root / "own" / "compared-synthetic")
    study = Study(server, folder, project_id(server, "own/compared-synthetic"))
    server.ask(f"{study.path}/synthetic", "PUT", content={"shown": True})
    answer = compare(study, pairs(study)["secret.csv"])
    assert answer.status == 200
    assert "Synthetic data: shown because somebody asked for it." in answer.text
    assert SECRET in answer.text


def test_files_of_different_types_are_not_compared(twice: Study) -> None:
    found = pairs(twice)
    answer = compare(twice, {"left": found["notes.txt"]["left"], "right": found["table.csv"]["right"]})
    assert answer.status == 403
    assert "They are of different types." in answer.text


def test_output_that_was_changed_since_is_not_compared(server: Live) -> None:
    folder = run_twice(server.root / "own" / "compared-changed")
    study = Study(server, folder, project_id(server, "own/compared-changed"))
    pair = pairs(study)["notes.txt"]
    (folder / "output/notes.txt").write_text("written over\n")
    answer = compare(study, pair)
    assert answer.status == 404
    assert_page(answer)
    assert "output/notes.txt was changed since the job made it." in answer.text
    told = pairs(study)["notes.txt"]
    assert told["comparable"] is False
    assert told["reason"] == "The later file is not there any more as its job made it."
    assert pairs(study)["table.csv"]["comparable"] is True


def test_output_whose_earlier_file_is_gone_is_not_offered_to_be_compared(server: Live) -> None:
    folder = run_twice(server.root / "own" / "compared-gone")
    study = Study(server, folder, project_id(server, "own/compared-gone"))
    pair = pairs(study)["table.csv"]
    earlier = [one for one in (folder / ".jupyter_pipeline").rglob("table.csv") if pair["left"]["job"] in str(one)]
    assert earlier
    for one in earlier:
        one.unlink()
    told = pairs(study)["table.csv"]
    assert told["comparable"] is False
    assert told["reason"] == "The earlier file is not there any more as its job made it."
    answer = compare(study, pair)
    assert answer.status == 404
    assert_page(answer)
    assert "output/table.csv is not there any more." in answer.text


@pytest.mark.parametrize("query", [{}, {"with": "nothing"}, {"with": "abcd-0"}, {"with": "../x-0"}])
def test_comparison_needs_another_output(twice: Study, query: dict[str, str]) -> None:
    output = pairs(twice)["table.csv"]["right"]["id"]
    answer = twice.server.ask(f"{twice.path}/outputs/{output}/comparison", query=query)
    assert_problem(answer, 404 if query == {"with": "abcd-0"} else 400)


# -- times and plans -------------------------------------------------------------------------------


def test_requests_say_how_long_and_actions_how_long_to_expect(twice: Study) -> None:
    page = twice.get("requests/1")
    assert len(page["critical_path"]["actions"]) == 1
    assert 0 < page["critical_path"]["seconds"] <= page["wall_clock"] <= page["runtime"]
    listed = twice.get("requests")["requests"][-1]
    assert (listed["critical_path"], listed["wall_clock"]) == (page["critical_path"], page["wall_clock"])
    status = twice.get("status")["actions"]
    assert all(one["expected"] > 0 for one in status)
    plan = twice.get("plan")
    expected = {one["action"]: one["expected"] for one in plan["actions"]}
    assert expected == {one["action"]: one["expected"] for one in status}
    assert plan["code"] == {"branch": None, "commit": None, "dirty": False, "changed": [], "changed_count": 0}
