from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.errors import InvalidAddition
from jupyter_pipeline.models import Severity
from jupyter_pipeline.spec import additions, parsing
from jupyter_pipeline.spec.additions import Addition, NewAction
from tests.helpers.corpus import CORPUS
from tests.helpers.places import STUDIES

PLOT = NewAction(
    "plot", "python:v2 python analysis/plot.py", ("make",), {"moderately_sensitive": {"p": "output/p.png"}}
)
MAKE = NewAction("make", "python:v2 python a.py", (), {"highly_sensitive": {"x": "output/x.csv"}})

FILE = """\
# The study
version: "5.0"  # of today

actions:

  # Makes it.
  make:
    run: python:v2 python a.py
    outputs:
      highly_sensitive:
        x: 'output/x.csv'   # a cohort
"""
BLOCK = """\
  plot:
    run: python:v2 python analysis/plot.py
    needs: [make]
    outputs:
      moderately_sensitive:
        p: output/p.png
"""


def only_gained_lines(source: str, made: Addition) -> None:
    old, new = source.splitlines(), made.text.splitlines()
    assert tuple(new[made.first - 1 : made.first - 1 + len(made.lines)]) == made.lines
    assert new[: made.first - 1] + new[made.first - 1 + len(made.lines) :] == old


def added(source: str, action: NewAction = PLOT) -> Addition:
    """The addition, after what must hold for each: only whole lines are new, and they are the ones that are told."""
    made = additions.add(source, action)
    only_gained_lines(source, made)
    parsed = parsing.load(made.text).actions
    found = parsed[action.name]
    assert found.needs == action.needs
    wanted = [(level, name, path) for level, outputs in action.outputs.items() for name, path in outputs.items()]
    assert [(str(one.level), one.name, one.pattern) for one in found.outputs] == wanted
    return made


def refusal(source: str, action: NewAction = PLOT) -> InvalidAddition:
    with pytest.raises(InvalidAddition) as caught:
        additions.add(source, action)
    assert caught.value.remedy
    return caught.value


def test_an_action_is_written_below_the_last_one() -> None:
    made = added(FILE)
    assert made.text == f"{FILE}\n{BLOCK}"
    assert made.first == 12
    assert made.lines[:2] == ("", "  plot:")
    assert made.problems == ()


def test_it_is_written_as_the_others_are() -> None:
    actions = "".join(
        f"    {name}:\n        run: sh:v1 a\n        outputs:\n            highly_sensitive: {{x: output/{name}}}\n"
        for name in ("make", "other")
    )
    assert added(f"version: 5\nactions:\n{actions}").lines == (
        "    plot:",
        "        run: python:v2 python analysis/plot.py",
        "        needs: [make]",
        "        outputs:",
        "            moderately_sensitive:",
        "                p: output/p.png",
    )


@pytest.mark.parametrize(
    ("below", "above_new"),
    [
        ("", ""),
        ("\n\n", ""),
        ("        # still of the last\n", "        # still of the last\n"),
        ("  # old:\n  #   run: x\n", "  # old:\n  #   run: x\n"),
        ("\n# about nothing\nexpectations:\n  population_size: 10\n", ""),
        ("expectations: {population_size: 10}\n", ""),
    ],
)
def test_what_stands_below_stays_where_it_belongs(below: str, above_new: str) -> None:
    source = FILE.replace('"5.0"', '"3.0"') + below
    source += "" if "expectations" in below else "expectations:\n  population_size: 10\n"
    made = added(source)
    assert f"# a cohort\n{above_new}\n{BLOCK}" in made.text


def test_line_ends_and_a_byte_order_mark_are_kept() -> None:
    source = "\ufeff" + FILE.replace("\n", "\r\n")
    made = added(source.removeprefix("\ufeff"))
    assert made.text.count("\n") == made.text.count("\r\n")
    assert additions.add(source, PLOT).text == "\ufeff" + made.text


def test_a_last_line_without_an_end_stays_so() -> None:
    made = added(FILE.rstrip("\n"))
    assert made.text == f"{FILE}\n{BLOCK}".rstrip("\n")
    assert made.lines[0] == ""


def test_a_text_whose_last_lines_count_is_left_as_it_is() -> None:
    source = FILE + "  later:\n    run: |+\n      sh:v1 a\n\n\n"
    source = source.replace("  later:", "  later:\n    outputs: {highly_sensitive: {y: output/y}}")
    assert added(source).text.startswith(source)


@pytest.mark.parametrize("source", ["", "# nothing yet\n", "version: '5.0'\n", 'version: "5.0"\n\nactions:\n'])
def test_the_first_action_can_be_written(source: str) -> None:
    text = added(source, MAKE).text
    assert text.startswith(source)
    assert "\nactions:\n  make:\n    run: " in text


@pytest.mark.parametrize(
    "text",
    [
        "[a, b]",
        "a: b",
        "a #b",
        "'",
        '"',
        "yes",
        "1.0",
        "null",
        "- x",
        "{}",
        "*a",
        "&a",
        "!x",
        "%x",
        "@x",
        "ä€😀",
        "a,b",
    ],
)
def test_whatever_a_command_says_is_read_back(text: str) -> None:
    quoted = "'" + text.replace("'", "'\\''") + "'"
    made = additions.add(FILE, NewAction("plot", f"python:v2 python {quoted}", (), PLOT.outputs))
    assert parsing.load(made.text).actions["plot"].run.args == ("python", text)


def test_a_long_command_keeps_its_lines_and_a_long_list_gets_some() -> None:
    names = [f"action_number_{n}" for n in range(9)]
    text = FILE
    for number, name in enumerate(names):
        text = added(text, NewAction(name, "python:v2 a", (), {"highly_sensitive": {"x": f"output/{number}.csv"}})).text
    run = "python:v2 python a.py\n  --one 'x y'\n  --two"
    made = added(text, NewAction("all", run, tuple(names), {"highly_sensitive": {"z": "output/z.csv"}}))
    assert "    run: >-\n      python:v2 python a.py\n      --one 'x y'\n      --two\n" in made.text
    assert "      - action_number_8\n" in made.text
    kept = added(FILE, NewAction("all", "python:v2 python -c 'a\nb'", (), PLOT.outputs))
    assert parsing.load(kept.text).actions["all"].run.args[-1] == "a\nb"


def test_names_that_yaml_would_take_for_something_else_are_quoted() -> None:
    for name in ("yes", "null", "12", "1e3", "0x1"):
        assert f"'{name}':" in added(FILE, NewAction(name, "sh:v1 a", (), PLOT.outputs)).text


# -- what is refused -------------------------------------------------------------------------------


def test_an_action_that_is_there_is_not_written_again() -> None:
    assert "There is an action `make` already." in refusal(FILE, MAKE).message


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        (NewAction("a b", PLOT.run, (), PLOT.outputs), "action-name"),
        (NewAction("plot", "", (), PLOT.outputs), "run-empty"),
        (NewAction("plot", PLOT.run, ("nobody",), PLOT.outputs), "needs-unknown"),
        (NewAction("plot", PLOT.run, ("plot",), PLOT.outputs), "needs-self"),
        (NewAction("plot", PLOT.run), "outputs-missing"),
        (NewAction("plot", PLOT.run, (), {"secret": {"p": "output/p"}}), "outputs-level-none"),
        (NewAction("plot", PLOT.run, (), {"moderately_sensitive": {"p": "../p"}}), "path-parent"),
        (NewAction("plot", PLOT.run, (), {"moderately_sensitive": {"p": "output/x.csv"}}), "output-duplicate"),
    ],
)
def test_an_action_that_cannot_be_used_is_refused_with_its_problems(action: NewAction, rule: str) -> None:
    refused = refusal(FILE, action)
    assert refused.message.startswith(f"`{action.name}` is not added. ")
    assert refused.problems
    assert all(each.severity is Severity.ERROR for each in refused.problems)
    assert rule in {each.rule for each in refused.problems}


def test_a_file_that_has_errors_must_be_mended_first() -> None:
    broken = refusal(FILE.replace("x: 'output/x.csv'", "x: 'output/x.csv"))
    assert [each.rule for each in broken.problems] == ["yaml-quote"]
    assert refusal(FILE.replace("run:", "rum:")).problems
    refusal("- a list\n")
    refusal("version: 5\nactions: [a]\n")


@pytest.mark.parametrize(
    "source",
    [
        "{version: '5.0', actions: {make: {run: 'sh:v1 a', outputs: {highly_sensitive: {x: output/x}}}}}\n",
        "version: '5.0'\nactions: {make: {run: 'sh:v1 a', outputs: {highly_sensitive: {x: output/x}}}}\n",
        "version: '5.0'\nactions: {}\n",
        "x: &a\n  make: {run: 'sh:v1 a', outputs: {highly_sensitive: {x: output/x}}}\nversion: '5.0'\nactions: *a\n",
    ],
)
def test_where_lines_cannot_be_added_that_is_said(source: str) -> None:
    assert "by hand" in refusal(source).remedy


# -- any file --------------------------------------------------------------------------------------


def real_files() -> list[Path]:
    return [*sorted(STUDIES.glob("*/project.yaml")), *(sorted(CORPUS.rglob("*.yaml"))[:150] if CORPUS.exists() else [])]


@pytest.mark.parametrize("path", real_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_files_only_gain_lines(path: Path) -> None:
    source = path.read_bytes().decode("utf-8", "replace")
    outputs = {"highly_sensitive": {"x": "output/quite_new/x.csv"}}
    try:
        made = additions.add(source, NewAction("quite_new", "python:v2 python a.py", (), outputs))
    except InvalidAddition:
        return
    only_gained_lines(source, made)


@given(st.text(), st.text(), st.text())
def test_no_text_raises_anything_else(source: str, name: str, run: str) -> None:
    for text in (source, FILE + source, FILE):
        try:
            made = additions.add(text, NewAction(name, run, (), {"highly_sensitive": {name or "x": "output/y.csv"}}))
        except InvalidAddition:
            continue
        assert name in parsing.load(made.text).actions
