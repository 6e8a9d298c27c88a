from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.models import (
    Action,
    Command,
    Level,
    OutputPattern,
    Pipeline,
)
from jupyter_pipeline.rules import command_line


def an_action(run: str, *outputs: str, config: str | None = None, dummy: str | None = None) -> Action:
    runtime, *words = shlex.split(run)
    image, _, version = runtime.partition(":")
    patterns = tuple(OutputPattern(Level.HIGHLY, str(number), path) for number, path in enumerate(outputs))
    return Action("a", Command(run, image, version, tuple(words)), (), patterns, config, dummy)


def effective(action: Action, population: int | None = 1000, backend: str = "expectations") -> list[str]:
    return list(command_line.effective(action, Pipeline(3.0, {"a": action}, population), backend))


def test_a_command_is_its_words_without_the_image() -> None:
    assert effective(an_action("python:v2 python analysis/a.py 'two words'")) == [
        "python",
        "analysis/a.py",
        "two words",
    ]


def test_config_follows_as_json() -> None:
    config = json.dumps({"a": [1, "ü"]})
    assert effective(an_action("python:v2 a.py --x", config=config)) == ["a.py", "--x", "--config", config]


COHORT = "cohortextractor:latest generate_cohort --study-definition study"


def test_synthetic_patients_are_counted_and_their_folder_named() -> None:
    assert effective(an_action(COHORT, "output/input.csv")) == [
        *("generate_cohort", "--study-definition", "study", "--expectations-population=1000", "--output-dir=output"),
    ]


def test_a_dummy_file_takes_the_place_of_made_up_patients() -> None:
    words = effective(an_action(COHORT, "output/input.csv", dummy="dummy.csv"))
    assert words[3:] == ["--dummy-data-file=dummy.csv", "--output-dir=output"]


@pytest.mark.parametrize("dummy", [None, "dummy.csv"])
def test_on_real_data_nothing_is_made_up(dummy: str | None) -> None:
    assert effective(an_action(COHORT, "output/input.csv", dummy=dummy), backend="tpp")[3:] == ["--output-dir=output"]


def test_without_a_population_none_is_given() -> None:
    assert effective(an_action(COHORT, "output/input.csv"), population=None)[3:] == ["--output-dir=output"]


@pytest.mark.parametrize("given_folder", ["--output-dir=output/x", "--output-dir output/x"])
def test_a_folder_that_is_given_is_not_given_again(given_folder: str) -> None:
    words = effective(an_action(f"{COHORT} {given_folder}", "output/x/input.csv"))
    assert sum(word.startswith("--output-dir") for word in words) == 1


def test_outputs_in_several_folders_name_none() -> None:
    words = effective(an_action(COHORT, "output/a.csv", "other/b.csv"))
    assert not [word for word in words if word.startswith("--output-dir")]


@pytest.mark.parametrize(
    "run",
    [
        "python:v1 generate_cohort",
        "cohortextractor:latest measures",
        "ehrql:v1 generate-dataset x.py",
        "cohortextractor:v1",
    ],
)
def test_other_commands_are_left_alone(run: str) -> None:
    action = an_action(run, "output/a.csv")
    assert effective(action) == list(action.run.args)


@given(words=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_what_is_shown_can_be_pasted_into_a_shell(words: list[str]) -> None:
    line = command_line.shown(an_action("sh:v1"), tuple(words))
    assert shlex.split(line) == ["sh:v1", *words]
