"""Whether a project's actions fit its files."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from jupyter_pipeline.models import Command, Problem
from jupyter_pipeline.scripts.entry_files import named
from jupyter_pipeline.spec.action import ActionDraft, parse_run, read_action
from jupyter_pipeline.spec.faults import Suggester
from jupyter_pipeline.spec.files import MAX_PROBLEMS, file_problems
from jupyter_pipeline.spec.yaml import tree


def action(run: str, *outputs: str, needs: str = "", more: str = "") -> str:
    listed = "".join(f"\n        o{number}: {output}" for number, output in enumerate(outputs))
    return f"\n    run: {run}\n    needs: [{needs}]\n    outputs:\n      moderately_sensitive:{listed}{more}"


def drafts_of(actions: Mapping[str, str]) -> list[ActionDraft]:
    root = tree.read("actions:\n" + "\n".join(f"  {name}:{text}" for name, text in actions.items())).root
    assert isinstance(root, tree.Mapping)
    node = root.get("actions")
    assert isinstance(node, tree.Mapping)
    return [draft for key, value in node.items() if (draft := _finish(key, value))]


def _finish(key: tree.Scalar, node: tree.Node) -> ActionDraft | None:
    reading = read_action(key, node, Suggester())
    try:
        while True:
            next(reading)
    except StopIteration as end:
        assert end.value is None or isinstance(end.value, ActionDraft)
        return end.value


def check(actions: Mapping[str, str], files: Mapping[str, str]) -> list[Problem]:
    return list(file_problems(drafts_of(actions), files, lambda path: files[path].encode()))


def rules(actions: Mapping[str, str], files: Mapping[str, str]) -> list[tuple[str, str | None]]:
    return [(problem.rule, problem.action) for problem in check(actions, files)]


FIRST = action("python:v2 python analysis/first.py", "output/a.csv")
READS = "import pandas as pd\npd.read_csv('output/a.csv')\n"
WRITES = "import pandas as pd\nx.to_csv('output/a.csv')\n"


# -- file-script -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("python:v2 python analysis/a.py --x y.py", "analysis/a.py"),
        ("python:v2 python3 -u -W ignore /workspace/analysis/a.py", "analysis/a.py"),
        ("python:v2 analysis/a.py", "analysis/a.py"),
        ("python:v2 python -m analysis.a", "analysis/a.py"),
        ("python:v2 python -c 'open(1)'", None),
        ("python:v2 python -m pytest tests", None),
        ("r:v2 analysis/a.R x.R", "analysis/a.R"),
        ("r:v2 Rscript --vanilla ./analysis/a.R", "analysis/a.R"),
        ('r:v2 -e \'rmarkdown::render("analysis/a.Rmd", output_dir = "output")\'', "analysis/a.Rmd"),
        ("r:v2 -e 'print(1)'", None),
        ("stata-mp:latest analysis/a.do 1 2", "analysis/a.do"),
        ("jupyter:v1 jupyter nbconvert /workspace/analysis/a.ipynb --execute --to html", "analysis/a.ipynb"),
        ("jupyter:v1 env A=b jupyter nbconvert --output b.ipynb --execute analysis/a.ipynb", "analysis/a.ipynb"),
        ("jupyter:v1 papermill analysis/a.ipynb output/b.ipynb -p x 1", "analysis/a.ipynb"),
        ("ehrql:v1 generate-dataset analysis/a.py --output output/a.csv -- --x b.py", "analysis/a.py"),
        ("ehrql:v1 generate-dataset --dummy-data-file d.py --output o.py analysis/a.py", "analysis/a.py"),
        ("ehrql:v1 generate-measures analysis/m.py --output output/m.csv", "analysis/m.py"),
        ("ehrql:v1 --version", None),
        ("cohortextractor:latest generate_cohort --study-definition s", "analysis/s.py"),
        ("cohortextractor:latest generate_measures --study-definition=s", "analysis/s.py"),
        ("cohortextractor:latest generate_cohort", "analysis/study_definition.py"),
        ("cohortextractor:latest --version", None),
        ("cohort-joiner:v1 --lhs output/a.csv analysis/a.py", None),
        ("python:v2 python /usr/lib/a.py", None),
        ("python:v2 python", None),
    ],
)
def test_a_command_names_its_script(run: str, expected: str | None) -> None:
    command = parse_run(run)
    assert isinstance(command, Command)
    assert [each.path for each in named(command)] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("run", "file"),
    [
        ("python:v2 python analysis/a.py", "analysis/a.py"),
        ("python:v2 python -m analysis.a", "analysis/a/__main__.py"),
        ("stata-mp:latest analysis/a", "analysis/a.do"),
        ("cohortextractor:latest generate_cohort", "analysis/study_definition_children.py"),
        ("python:v2 python -m other.module", "analysis/a.py"),
        ("somebodys-action:v1 python analysis/b.py", "analysis/a.py"),
    ],
)
def test_a_script_that_exists_is_no_problem(run: str, file: str) -> None:
    assert check({"a": action(run, "output/a.csv")}, {file: ""}) == []


@pytest.mark.parametrize(
    ("run", "file", "suggestion"),
    [
        ("python:v2 python analysis/plto.py", "analysis/plot.py", "`analysis/plot.py`"),
        ("r:v2 analysis/Plot.R", "analysis/plot.R", "`analysis/plot.R`? It differs only in upper and lower case."),
        ("r:v2 analysis/plot.R", "lib/r/plot.R", "`lib/r/plot.R`"),
        ("python:v2 python -m analysis.plto", "analysis/plot.py", "`analysis/plot.py`"),
        ("cohortextractor:latest generate_cohort", "analysis/dataset.csv", ""),
        ("jupyter:v1 jupyter nbconvert --execute notebooks/a.ipynb", "analysis/a.ipynb", "`analysis/a.ipynb`"),
    ],
)
def test_a_missing_script_is_told_with_the_nearest(run: str, file: str, suggestion: str) -> None:
    (problem,) = check({"a": action(run, "output/a.csv")}, {file: ""})
    assert (problem.rule, problem.action, problem.key) == ("file-script", "a", "actions.a.run")
    assert (problem.line, problem.column) == (3, 10)
    assert suggestion in problem.remedy
    assert ("Did you mean" in problem.remedy) == bool(suggestion)


def test_a_script_may_be_an_output_of_a_needed_action() -> None:
    make = action("python:v2 python analysis/make.py", "output/report.ipynb")
    run = "jupyter:v1 jupyter nbconvert --execute output/report.ipynb"
    files = {"analysis/make.py": ""}
    assert rules({"make": make, "run": action(run, "output/report.html", needs="make")}, files) == []
    (problem,) = check({"make": make, "run": action(run, "output/report.html")}, files)
    assert problem.rule == "file-script"
    assert "Add `make` to `needs` of `run`." in problem.remedy


# -- file-dummy ------------------------------------------------------------------------------------


def test_dummy_data_must_exist() -> None:
    text = action(
        "ehrql:v1 generate-dataset a.py --output output/a.csv", "output/a.csv", more="\n    dummy_data_file: ./d/a.csv"
    )
    assert check({"a": text}, {"a.py": "", "d/a.csv": ""}) == []
    (problem,) = check({"a": text}, {"a.py": "", "dummy/a.csv": ""})
    assert (problem.rule, problem.key) == ("file-dummy", "actions.a.dummy_data_file")
    assert "`dummy/a.csv`" in problem.remedy


# -- inputs ----------------------------------------------------------------------------------------


def second(needs: str = "", *outputs: str) -> str:
    return action("python:v2 python analysis/second.py", *(outputs or ("output/b.csv",)), needs=needs)


def test_inputs_from_needed_actions_are_no_problem() -> None:
    files = {"analysis/first.py": WRITES, "analysis/second.py": READS}
    assert check({"first": FIRST, "second": second("first")}, files) == []


def test_an_input_of_an_action_that_is_not_needed_is_told() -> None:
    files = {"analysis/first.py": WRITES, "analysis/second.py": READS}
    (problem,) = check({"first": FIRST, "second": second()}, files)
    assert (problem.rule, problem.action, problem.key) == ("input-unneeded", "second", "actions.second.run")
    assert problem.message == (
        "`analysis/second.py` reads `output/a.csv` on line 2, which `first` makes, "
        "and `second` does not need that action."
    )
    assert problem.remedy == "Add `first` to `needs` of `second`."


def test_only_direct_needs_are_given() -> None:
    files = {"analysis/first.py": WRITES, "analysis/second.py": READS, "analysis/mid.py": ""}
    mid = action("python:v2 python analysis/mid.py", "output/m.csv", needs="first")
    (problem,) = check({"first": FIRST, "mid": mid, "second": second("mid")}, files)
    assert problem.rule == "input-unneeded"
    assert "needed indirectly only" in problem.remedy


def test_an_input_of_a_later_action_and_circles_are_told() -> None:
    files = {"analysis/first.py": "", "analysis/second.py": READS}
    first = action("python:v2 python analysis/first.py", "output/a.csv", needs="mid")
    mid = action("python:v2 python -c 1", "output/m.csv", needs="second, mid")
    (problem,) = check({"first": first, "mid": mid, "second": second()}, files)
    assert problem.rule == "input-unneeded"
    assert "`first` itself needs `second`" in problem.remedy


def test_the_modules_of_the_project_are_looked_at() -> None:
    files = {
        "analysis/first.py": "",
        "analysis/second.py": "from helper import x\n",
        "analysis/helper.py": "import deep\ndef x(): open('output/no.csv')\n",
        "analysis/deep.py": "import helper\n" + READS,
    }
    (problem,) = check({"first": FIRST, "second": second()}, files)
    assert problem.rule == "input-unneeded"
    assert problem.message.startswith("`analysis/deep.py` reads `output/a.csv` on line 3")


def test_an_input_that_no_action_makes_is_told() -> None:
    files = {"analysis/first.py": "", "analysis/second.py": READS.replace("/a.csv", "/aa.csv")}
    (problem,) = check({"first": FIRST, "second": second("first")}, files)
    assert problem.rule == "input-unmade"
    assert "Did you mean `output/a.csv`?" in problem.remedy


@pytest.mark.parametrize(
    "text",
    [
        "open('codelists/a.csv')",
        "open('a.csv')",
        "open('output')",
        "open('output/given.csv')",
        "import pandas as pd\npd.read_parquet('output/folder')",
        "import pandas as pd\npd.read_csv(f'output/b_{x}.csv')",
        "import pandas as pd\nx.to_csv('output/b_1.csv')\npd.read_csv('output/b_1.csv')",
        "import pandas as pd\npd.read_csv('output/b_2.csv')",
    ],
)
def test_other_inputs_are_no_problem(text: str) -> None:
    files = {"analysis/first.py": "", "analysis/second.py": text, "output/given.csv": ""}
    other = action("python:v2 python analysis/first.py 2", "output/folder/x.csv")
    actions = {"first": FIRST, "other": other, "second": second("first", "output/b_*.csv")}
    assert check(actions, files) == []


def test_nothing_is_unmade_where_outputs_are_unknown() -> None:
    files = {"analysis/first.py": "", "analysis/second.py": READS.replace("/a.csv", "/z.csv")}
    assert rules({"first": FIRST, "second": second("unknown")}, files) == []


def test_a_notebook_reads_from_its_own_folder() -> None:
    text = '{"cells": [{"cell_type": "code", "source": "open(\'../output/a.csv\')"}]}'
    run = "jupyter:v1 jupyter nbconvert --execute analysis/n.ipynb --to html --output-dir=/workspace/output"
    files = {"analysis/first.py": "", "analysis/n.ipynb": text}
    (problem,) = check({"first": FIRST, "n": action(run, "output/n.html")}, files)
    assert (problem.rule, problem.action) == ("input-unneeded", "n")
    assert "on line 1 of code cell 1" in problem.message
    assert rules({"first": FIRST, "n": action(run, "output/n.html", needs="first")}, files) == []


def test_a_document_runs_where_it_is_told() -> None:
    files = {"analysis/first.py": "", "analysis/n.Rmd": "```{r}\nread_csv('output/a.csv')\n```\n"}
    run = "r:v2 -e 'rmarkdown::render(\"analysis/n.Rmd\"%s)'"
    for more, expected in (
        (', knit_root_dir = "/workspace"', ["input-unneeded"]),
        ("", []),
        (", knit_root_dir = x", []),
    ):
        found = check({"first": FIRST, "n": action(run % more, "output/n.html")}, files)
        assert [problem.rule for problem in found] == expected


# -- outputs ---------------------------------------------------------------------------------------


def test_a_file_that_no_output_matches_is_told() -> None:
    text = "x.to_csv('output/a.csv')\nx.to_csv('output/lost.csv')\nx.to_csv(f'output/l_{i}.csv')\n"
    found = check({"first": FIRST}, {"analysis/first.py": text})
    assert [problem.rule for problem in found] == ["output-unclaimed"] * 2
    assert "`output/lost.csv` on line 2" in found[0].message
    assert "`output/l_*.csv` on line 3" in found[1].message


def test_a_shared_script_may_write_what_one_of_its_actions_claims() -> None:
    run = "python:v2 python analysis/first.py"
    actions = {"one": action(f"{run} 1", "output/1.csv"), "two": action(f"{run} 2", "output/2.csv")}
    text = "x.to_csv('output/1.csv')\nx.to_csv('output/2.csv')\n"
    assert check(actions, {"analysis/first.py": text}) == []
    (problem,) = check(actions, {"analysis/first.py": text + "x.to_csv('output/3.csv')"})
    assert (problem.rule, problem.action) == ("output-unclaimed", "one")
    assert "the 2 actions that run it" in problem.message


def test_a_file_that_is_written_and_read_again_may_be_lost() -> None:
    assert check({"first": FIRST}, {"analysis/first.py": "x.to_csv('tmp.csv')\nopen('tmp.csv')"}) == []


@pytest.mark.parametrize(
    ("outputs", "files", "key"),
    [
        (("output/a", "output/a/b.csv"), {}, "o1"),
        (("output/a.csv/x/b.csv", "output/a.csv"), {}, "o1"),
        (("analysis/first.py/a.csv",), {}, "o0"),
        (("analysis",), {}, "o0"),
        (("output/" + "é" * 150,), {}, "o0"),
    ],
)
def test_outputs_that_cannot_exist_are_told(outputs: tuple[str, ...], files: dict[str, str], key: str) -> None:
    text = action("python:v2 python analysis/first.py", *outputs)
    (problem,) = check({"first": text}, {"analysis/first.py": "", **files})
    assert problem.rule == "output-impossible"
    assert problem.key == f"actions.first.outputs.moderately_sensitive.{key}"


@pytest.mark.parametrize("outputs", [("output/*", "output/a/b.csv"), ("output/a", "output/ab/c"), ("a*/b", "a*")])
def test_outputs_that_can_exist_are_no_problem(outputs: tuple[str, ...]) -> None:
    text = action("python:v2 python analysis/first.py", *(f'"{each}"' for each in outputs))
    assert check({"first": text}, {"analysis/first.py": ""}) == []


# -- all together ----------------------------------------------------------------------------------


def test_problems_are_bounded_and_told_once() -> None:
    text = "".join(f"open('output/x{number}.csv')\n" * 2 for number in range(50))
    found = check({"first": FIRST}, {"analysis/first.py": text})
    assert len(found) == len({problem.message for problem in found}) == MAX_PROBLEMS


def test_a_file_that_cannot_be_read_is_passed_over() -> None:
    def refuse(path: str) -> bytes:
        raise PermissionError(path)

    assert list(file_problems(drafts_of({"first": FIRST}), ["analysis/first.py"], refuse)) == []


def test_each_script_is_read_once() -> None:
    asked: list[str] = []

    def read(path: str) -> bytes:
        asked.append(path)
        return READS.encode()

    actions = {f"a{n}": action(f"python:v2 python analysis/s.py {n}", f"output/{n}.csv") for n in range(100)}
    list(file_problems(drafts_of(actions), ["analysis/s.py"], read))
    assert asked == ["analysis/s.py"]


def test_an_action_of_ones_own_named_run_all_is_not_looked_at() -> None:
    assert check({"run_all": action("python:v2 python no.py", "project.yaml")}, {"a.py": ""}) == []
