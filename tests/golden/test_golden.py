"""What programs are told keeps its keys and its values: held against answers that were kept.

``python -m tests.golden.test_golden --write`` keeps the answers of now. Keys may be added without that.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.api import contract
from tests.helpers.golden_study import comparable, differences, make_study, told_by_server, told_by_terminal
from tests.helpers.live import live

ANSWERS = Path(__file__).parent / "answers"


def all_answers(base: Path) -> Iterator[tuple[str, Any]]:
    """Everything that is told of the study, made comparable."""
    root = base / "root"
    make_study(root / "study")
    places = {str(root / "study"): "<study>", str(base): "<base>", sys.prefix: "<prefix>", sys.base_prefix: "<python>"}
    for asked, answer in told_by_terminal(root / "study"):
        yield asked, comparable(answer, places)
    with live(base / "home", root) as server:
        for asked, answer in told_by_server(server, "study"):
            yield asked, comparable(answer, places)


def file_of(asked: str) -> Path:
    return ANSWERS / f"{re.sub(r'[^A-Za-z0-9]+', '_', asked).strip('_')}.json"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dict(all_answers(tmp_path_factory.mktemp("golden")))


def test_answers_are_as_they_were(answers: dict[str, Any]) -> None:
    found = {
        asked: told
        for asked, answer in answers.items()
        if (told := list(differences(json.loads(file_of(asked).read_text()), answer)))
    }
    assert not found, "\n".join(f"{asked}: {one}" for asked, told in found.items() for one in told)


def test_nothing_that_was_told_is_not_told_any_more(answers: dict[str, Any]) -> None:
    assert {file_of(asked) for asked in answers} == set(ANSWERS.glob("*.json"))


def test_every_operation_of_the_contract_is_asked(answers: dict[str, Any]) -> None:
    asked = {words for name in answers for words in (name.split()[1], name.rpartition("/")[2])}
    assert {operation.name for operation in contract.operations().values()} - asked == {"document"}  # tested as such


def test_a_lost_key_and_another_value_are_differences() -> None:
    golden = {"a": 1, "b": [{"c": "x"}]}
    assert list(differences(golden, {"a": 1, "b": [{"c": "x", "d": 2}], "e": 3})) == []
    assert list(differences(golden, {"b": [{"c": "y"}]})) == [".a is gone", ".b[0].c: 'x' was, 'y' is"]


def _write() -> None:
    ANSWERS.mkdir(exist_ok=True)
    for file in ANSWERS.glob("*.json"):
        file.unlink()
    with tempfile.TemporaryDirectory() as base:
        for asked, answer in all_answers(Path(base)):
            file_of(asked).write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__" and "--write" in sys.argv:
    _write()
