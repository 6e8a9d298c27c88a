from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_pipeline.notebooks.commands import (
    Export,
    NotebookRun,
    NotRecognised,
    as_json,
    from_json,
    masked,
    recognise,
)

NB = "jupyter nbconvert --execute --to html"
PM = "papermill in.ipynb out.ipynb"


def of(line: str, image: str = "") -> NotebookRun | NotRecognised | None:
    return recognise(shlex.split(line), image)


def run_of(line: str, image: str = "") -> NotebookRun:
    run = of(line, image)
    assert isinstance(run, NotebookRun), run
    return run


def export_of(line: str) -> Export:
    (export,) = run_of(line).exports
    return export


def reason_of(line: str) -> str:
    found = of(line)
    assert isinstance(found, NotRecognised), found
    assert found.reason.endswith(", so the line runs word for word.")
    return found.reason.removesuffix(", so the line runs word for word.")


# -- which lines are ours --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["report", "demographic_report"])
def test_the_reports_of_the_first_study(name: str) -> None:
    line = (
        f"jupyter nbconvert /workspace/analysis/{name}.ipynb --execute --to html --template basic "
        "--output-dir=/workspace/output --ExecutePreprocessor.timeout=86400 --no-input"
    )
    assert of(line, "jupyter") == NotebookRun(
        tool="nbconvert",
        notebook=f"analysis/{name}.ipynb",
        folder="analysis",
        executed=None,
        exports=(Export("html", f"output/{name}.html", "basic", no_input=True, no_prompt=True),),
        timeout=86400.0,
    )


@pytest.mark.parametrize(
    ("line", "image", "tool"),
    [
        ("jupyter nbconvert --execute a.ipynb", "python", "nbconvert"),
        ("jupyter-nbconvert --execute a.ipynb", "python", "nbconvert"),
        ("/usr/local/bin/jupyter nbconvert --execute a.ipynb", "python", "nbconvert"),
        ("nbconvert --execute a.ipynb", "jupyter", "nbconvert"),
        ("execute a.ipynb", "jupyter", "execute"),
        ("python -m nbconvert --execute a.ipynb", "python", "nbconvert"),
        ("-m nbconvert --execute a.ipynb", "python", "nbconvert"),
        ("python3.8 -m jupyter nbconvert --execute a.ipynb", "jupyter", "nbconvert"),
        ("/usr/bin/python3 -u -W ignore -Xdev -m jupyter execute a.ipynb", "python", "execute"),
        ("python -m papermill a.ipynb b.ipynb", "python", "papermill"),
        ("papermill a.ipynb b.ipynb", "jupyter", "papermill"),
        ("jupyter execute a.ipynb", "", "execute"),
        ("jupyter-execute a.ipynb", "", "execute"),
        ("env A=1 'B=two words' papermill a.ipynb b.ipynb", "", "papermill"),
    ],
)
def test_programs(line: str, image: str, tool: str) -> None:
    run = run_of(line, image)
    assert (run.tool, run.notebook) == (tool, "a.ipynb")


@pytest.mark.parametrize(
    ("line", "image"),
    [
        ("", "jupyter"),
        ("env", "jupyter"),
        ("jupyter", "jupyter"),
        ("jupyter lab", "jupyter"),
        ("nbconvert --execute a.ipynb", "python"),
        ("python analysis/a.py papermill", "python"),
        ("python -m", "python"),
        ("python -m pytest", "python"),
        ("python -c 'import papermill'", "python"),
        ("python -i -m papermill a.ipynb b.ipynb", "python"),
        ("python4 -m papermill a.ipynb b.ipynb", "python"),
        ("./papermill a.ipynb b.ipynb", "python"),
        ("Rscript analysis/nbconvert.R", "r"),
        ("jupyter nbconvert --to html a.ipynb", "jupyter"),
        ("jupyter nbconvert --to pdf --whatever a.ipynb", "jupyter"),
        ("jupyter nbconvert --ExecutePreprocessor.enabled=False a.ipynb", "jupyter"),
        ("jupyter nbconvert a.ipynb -- --execute", "jupyter"),
    ],
)
def test_other_lines_are_none_of_ours(line: str, image: str) -> None:
    assert of(line, image) is None


def test_variables_before_the_program_are_the_kernels() -> None:
    assert run_of(f"env IMAGE_FORMAT=png X= {NB} a.ipynb").environment == {"IMAGE_FORMAT": "png", "X": ""}
    assert reason_of(f"env PATH=/bin {NB} a.ipynb") == "The line sets `PATH`"


# -- nbconvert -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "path"),
    [
        ("", "analysis/report.html"),
        ("--output x", "analysis/x.html"),
        ("--output x.html", "analysis/x.html"),
        ("--output=x.md", "analysis/x.md.html"),
        ("--output {notebook_name}_2", "analysis/report_2.html"),
        ("--output sub/x", "analysis/sub/x.html"),
        ("--output /workspace/output/x.html", "output/x.html"),
        ("--output ../x", "x.html"),
        ("--output-dir output", "output/report.html"),
        ("--output-dir=/workspace/output/ --output x", "output/x.html"),
        ("--output-dir .", "report.html"),
        ("--output-dir=", "analysis/report.html"),
        ("--FilesWriter.build_directory=a//b --NbConvertApp.output_base y.html", "a/b/y.html"),
        ("--FilesWriter.build_directory output", "output/report.html"),
        ("-FilesWriter.build_directory='\"output\"'", "output/report.html"),
    ],
)
def test_where_html_is_written(flags: str, path: str) -> None:
    run = run_of(f"{NB} {flags} analysis/report.ipynb")
    assert (run.executed, [export.path for export in run.exports]) == (None, [path])


def test_the_notebook_may_stand_anywhere_and_lack_its_extension() -> None:
    expected = run_of(f"{NB} --no-input analysis/report.ipynb")
    for line in (
        "jupyter nbconvert analysis/report --execute --no-input",
        "jupyter nbconvert --to=HTML --no-input -y --execute ./analysis/../analysis/report.ipynb",
        "jupyter nbconvert --execute --no-input -- /workspace/analysis/report.ipynb",
        "jupyter nbconvert --ExecutePreprocessor.enabled True --no-input --debug --log-level 10 analysis/report.ipynb",
    ):
        assert of(line) == expected


@pytest.mark.parametrize(
    ("flags", "path"),
    [
        ("--to notebook", "a/n.nbconvert.ipynb"),
        ("--to notebook --no-input", "a/n.nbconvert.ipynb"),
        ("--to ipynb --output x", "a/x.ipynb"),
        ("--to notebook --output x.ipynb", "a/x.ipynb"),
        ("--to notebook --output n", "a/n.ipynb"),
        ("--to notebook --output-dir=out", "out/n.ipynb"),
        ("--to notebook --NbConvertApp.use_output_suffix=0", "a/n.ipynb"),
        ("--inplace", "a/n.ipynb"),
        ("--inplace --to html --output-dir out", "a/n.ipynb"),
        ("--to notebook --inplace --output x", "a/x.ipynb"),
    ],
)
def test_an_executed_notebook_is_no_export(flags: str, path: str) -> None:
    run = run_of(f"jupyter nbconvert --execute {flags} a/n.ipynb")
    assert (run.executed, run.exports) == (path, ())


@pytest.mark.parametrize(
    ("flags", "to", "path"),
    [
        ("--to markdown", "markdown", "a/n.md"),
        ("--to markdown --output x.md", "markdown", "a/x.md"),
        ("--to script", "script", "a/n"),
        ("--to script --output x.py", "script", "a/x.py"),
        ("--to python --output x.py", "script", "a/x"),
    ],
)
def test_other_formats(flags: str, to: str, path: str) -> None:
    export = export_of(f"jupyter nbconvert --execute {flags} a/n.ipynb")
    assert (export.to, export.path) == (to, path)


@pytest.mark.parametrize(
    ("flags", "no_input", "no_prompt"),
    [
        ("", False, False),
        ("--no-input", True, True),
        ("--no-prompt", False, True),
        ("--no-input --show-input", False, True),
        ("--TemplateExporter.exclude_input=True", True, False),
        ("--HTMLExporter.exclude_input=true", True, False),
        ("--MarkdownExporter.exclude_input=true", False, False),
        ("--no-input --HTMLExporter.exclude_input=False", False, True),
        ("--TemplateExporter.exclude_input=False --no-input", True, True),
        (
            "--TemplateExporter.exclude_input_prompt=True --TemplateExporter.exclude_output_prompt=True",
            False,
            True,
        ),
    ],
)
def test_what_is_left_out(flags: str, no_input: bool, no_prompt: bool) -> None:
    export = export_of(f"{NB} {flags} n.ipynb")
    assert (export.no_input, export.no_prompt) == (no_input, no_prompt)


@pytest.mark.parametrize(
    ("flags", "template"),
    [
        ("", None),
        ("--template basic", "basic"),
        ("--template=lab", "lab"),
        ("--template full", "classic"),
        ("--template report", None),
        ("--template basic.tpl", "basic"),
        ("--TemplateExporter.template_file=basic", "basic"),
        ("--HTMLExporter.template_name classic", "classic"),
        ("--HTMLExporter.template_name classic --template lab", "classic"),
        ("--embed-images --theme light", None),
    ],
)
def test_templates(flags: str, template: str | None) -> None:
    assert export_of(f"{NB} {flags} n.ipynb").template == template


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--ExecutePreprocessor.timeout 600", {"timeout": 600.0}),
        ("--ExecutePreprocessor.timeout -1", {"timeout": None}),
        ("--ExecutePreprocessor.timeout=-1", {"timeout": None}),
        ("--ExecutePreprocessor.timeout=None", {"timeout": None}),
        ("--NotebookClient.timeout=9", {"timeout": 9.0}),
        ("--ExecutePreprocessor.timeout=None --NotebookClient.timeout=9", {"timeout": None}),
        ("--ExecutePreprocessor.startup_timeout=9", {"startup_timeout": 9.0}),
        ("--ExecutePreprocessor.kernel_name=python3", {"kernel": "python3"}),
        ("--ExecutePreprocessor.kernel_name=", {"kernel": None}),
        ("--allow-errors", {"allow_errors": True}),
        ("--ExecutePreprocessor.allow_errors=True", {"allow_errors": True}),
    ],
)
def test_how_it_is_executed(flags: str, expected: dict[str, Any]) -> None:
    found = as_json(run_of(f"{NB} {flags} n.ipynb"))
    plain = as_json(run_of(f"{NB} n.ipynb"))
    assert {name: value for name, value in found.items() if value != plain[name] or name in expected} == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{NB} n.ipynb --post serve", "The flag `--post` is not known to us"),
        (f"{NB} n.ipynb --config=c.py", "The flag `--config` is not known to us"),
        (f"{NB} n.ipynb --stdout", "The flag `--stdout` is not known to us"),
        (f"{NB} n.ipynb --TagRemovePreprocessor.enabled=True", "The flag `--TagRemovePreprocessor.enabled` is not"),
        (f"{NB} n.ipynb -to", "The flag `-to` is not known to us"),
        (f"{NB} n.ipynb ---FilesWriter.build_directory=x", "The flag `---FilesWriter.build_directory` is not"),
        (f"{NB} n.ipynb --no-input=True", "The flag `--no-input` takes no value"),
        (f"{NB} n.ipynb --output", "The flag `--output` has no value"),
        (f"{NB} n.ipynb --output --debug", "The flag `--output` has no value"),
        (f"{NB} n.ipynb --to html", "The flag `--to` is given twice"),
        (f"{NB} n.ipynb --ExecutePreprocessor.timeout=1.5", "The value `1.5` of the flag"),
        (f"{NB} n.ipynb --ExecutePreprocessor.timeout={'9' * 400}", "The value `999"),
        (f"{NB} n.ipynb --TemplateExporter.exclude_input=yes", "The value `yes` of the flag"),
        (f"{NB} n.ipynb --TemplateExporter.exclude_input_prompt=1", "The line leaves out only one kind of prompt"),
        (f"{NB} n.ipynb --theme dark", "The value `dark` of the flag `--theme` is not one"),
        (f"{NB} n.ipynb --template analysis/own.tpl", "The template `analysis/own.tpl` is not one of ours"),
        (f"{NB} n.ipynb --output ''", "The flag `--output` names no file"),
        (f"{NB} n.ipynb --output out/", "The flag `--output` names no file"),
        (f"{NB} n.ipynb --output {{x}}", "The path `{x}` has something in braces"),
        (f"{NB} n.ipynb --output-dir ..", "The path `../n.html` leaves the workspace"),
        (f"{NB} n.ipynb --output-dir /tmp", "The path `/tmp/n.html` leaves the workspace"),
        (f"{NB} n.ipynb --output-dir ~/x", "The path `~/x/n.html` leaves the workspace"),
        (f"{NB} ../n.ipynb", "The path `../n.html` leaves the workspace"),
        (f"{NB} n.ipynb m.ipynb", "The line names several notebooks"),
        (NB, "The line names no notebook"),
        (f"{NB} 'a/*.ipynb'", "The notebook `a/*.ipynb` is a pattern"),
        (f"{NB} n.json", "The notebook `n.json` does not end in `.ipynb`"),
        ("jupyter nbconvert --execute --to slides n.ipynb", "We do not write the format `slides`"),
        ("jupyter nbconvert --execute --to latex n.ipynb", "We do not write the format `latex`"),
        (
            "jupyter nbconvert --execute --to pdf n.ipynb",
            "We do not write the format `pdf` here (`jupyter pipeline rep",
        ),
        ("jupyter nbconvert --execute --to markdown --template lab n.ipynb", "The template `lab` is not one of ours"),
    ],
)
def test_what_of_nbconvert_runs_word_for_word(line: str, reason: str) -> None:
    assert reason_of(line).startswith(reason)


# -- papermill -------------------------------------------------------------------------------------


def test_a_papermill_line() -> None:
    line = (
        "papermill /workspace/analysis/n.ipynb output/n_{region}.ipynb -p n 3 --parameters region east -r code 007 "
        "-f params.yaml -y '{when: 2021-01-01, a: [1, x]}' -kpython3 --cwd analysis --execution-timeout 60 "
        "--start_timeout=9 --log-output --no-progress-bar --report-mode --engine nbclient --autosave-cell-every 0 "
        "--language R --log-level DEBUG --no-request-save-on-cell-execute"
    )
    assert run_of(line) == NotebookRun(
        tool="papermill",
        notebook="analysis/n.ipynb",
        folder="analysis",
        executed="output/n_east.ipynb",
        parameters={"when": "2021-01-01", "a": [1, "x"], "n": 3, "region": "east", "code": "007"},
        parameter_files=("params.yaml",),
        kernel="python3",
        timeout=60.0,
        startup_timeout=9.0,
        report_mode=True,
        language="R",
    )


def test_papermill_runs_where_it_is_called() -> None:
    run = run_of("papermill analysis/n.ipynb out.ipynb")
    assert (run.folder, run.startup_timeout, run.timeout, run.parameters) == ("", 60.0, None, {})
    assert run_of(f"{PM} --cwd .").folder == ""
    assert run_of(f"{PM} --cwd /workspace").folder == ""


def test_the_last_of_contradicting_options_holds() -> None:
    run = run_of(f"{PM} --report-mode --no-report-mode -k a -k b -p x 1 -p x 2 -r x 3 -y 'x: 4'")
    assert (run.report_mode, run.kernel, run.parameters) == (False, "b", {"x": "3"})


def test_paths_of_the_notebooks_as_parameters() -> None:
    encoded = base64.b64encode(b"b: 1").decode()
    assert run_of(f"papermill --inject-paths a.ipynb b.ipynb -b {encoded}").parameters == {
        "PAPERMILL_INPUT_PATH": "a.ipynb",
        "PAPERMILL_OUTPUT_PATH": "b.ipynb",
        "b": 1,
    }
    assert list(run_of(f"{PM} --inject-output-path").parameters) == ["PAPERMILL_OUTPUT_PATH"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("papermill", "papermill is not given one notebook to read and one to write"),
        ("papermill n.ipynb", "papermill is not given"),
        (f"{PM} three.ipynb", "papermill is not given"),
        ("papermill - out.ipynb", "The path `-` is not one of a file here"),
        ("papermill in.ipynb s3://bucket/out.ipynb", "The path `s3://bucket/out.ipynb` is not one of a file here"),
        ("papermill in.ipynb ../out.ipynb", "The path `../out.ipynb` leaves the workspace"),
        ("papermill in.ipynb out_{x}.ipynb", "The path `out_{x}.ipynb` has something in braces"),
        ("papermill in.ipynb out_{x!r}.ipynb -p x 1", "The path `out_{x!r}.ipynb` has something in braces"),
        (f"{PM} -f https://example.org/p.yaml", "The path `https://example.org/p.yaml` is not one"),
        (f"{PM} --cwd /tmp", "The path `/tmp` leaves the workspace"),
        (f"{PM} --prepare-only", "The flag `--prepare-only` is not known to us"),
        (f"{PM} --engine other", "The value `other` of the flag `--engine` is not one"),
        (f"{PM} --stdout-file log", "The flag `--stdout-file` is not known to us"),
        (f"{PM} --help-notebook", "The flag `--help-notebook` is not known to us"),
        (f"{PM} --report-mode=yes", "The flag `--report-mode` takes no value"),
        (f"{PM} -p x", "The flag `-p` has no value"),
        (f"{PM} --execution-timeout None", "The value `None` of the flag"),
        (f"{PM} -b {base64.b64encode(b'a: 1').decode()} -f p.yaml", "Parameters of the flag `-b`"),
        (f"{PM} -b x", "The parameters in YAML cannot be read"),
        (f"{PM} -y '[1'", "The parameters in YAML cannot be read"),
        (f"{PM} -y 'a: !!int \"\"'", "The parameters in YAML cannot be read"),
        (f"{PM} -y '{'[' * 5000}'", "The parameters in YAML cannot be read"),
        (f"{PM} -y '[a, b]'", "The parameters in YAML are not a mapping"),
        (f"{PM} -y '1: a'", "The parameters in YAML are not a mapping"),
        (f"{PM} -y 'a: !!set {{b}}'", "The parameters in YAML are not a mapping"),
        (f"{PM} -y 'a: &x [*x]'", "The parameters in YAML are not a mapping"),
        (f"{PM} -y 'a: 0x{'f' * 9000}'", "The parameters in YAML are not a mapping"),
    ],
)
def test_what_of_papermill_runs_word_for_word(line: str, reason: str) -> None:
    assert reason_of(line).startswith(reason)


def test_yaml_that_grows_without_end_is_left_alone() -> None:
    levels = [f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert "not a mapping" in reason_of(f"{PM} -y {shlex.quote(chr(10).join(['k0: &k0 [1]', *levels]))}")


VALUES = [
    *("True", "False", "None", "true", "", "1", "-1", "+1", "1_000", " 7 ", "007", "1.5", ".5", "1e3", "nan", "-inf"),
    *("0x10", "1,5", "٣", "2021-01-01", "x", "9" * 5000, "--", "-x"),
]


def papermill_takes(words: list[str]) -> dict[str, Any]:
    """The parameters that papermill itself makes of a line."""
    cli = pytest.importorskip("papermill.cli")
    seen: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "execute_notebook", lambda **found: seen.update(found["parameters"]))
        patch.setattr(cli, "INPUT_PIPED", False)
        patch.setattr(cli.logging, "basicConfig", lambda **_: None)
        cli.papermill(words, standalone_mode=False)
    return seen


@settings(deadline=None)  # papermill is imported in the first example
@given(
    st.lists(
        st.tuples(st.sampled_from(["-p", "-r", "--parameters"]), st.sampled_from("abc"), st.sampled_from(VALUES))
        | st.tuples(st.just("-p"), st.sampled_from("abc"), st.text(max_size=6))
        | st.tuples(
            st.sampled_from(["-y", "--parameters_yaml"]),
            st.sampled_from(["a: 1", "{b: [1, {c: yes}], a: 2020-02-02}", "", "a: null", "a: 1.5\nb: 'x'", "c: .nan"]),
        ),
        max_size=5,
    )
)
def test_parameters_are_typed_as_papermill_types_them(groups: list[tuple[str, ...]]) -> None:
    words = ["in.ipynb", "out.ipynb", *(word for group in groups for word in group)]
    run = recognise(["papermill", *words])
    assert isinstance(run, NotebookRun)
    assert repr(dict(run.parameters)) == repr(papermill_takes(words))


# -- jupyter execute -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "executed"),
    [
        ("", None),
        ("--inplace", "a/n.ipynb"),
        ("--inplace --output x", "a/n.ipynb"),
        ("--output x", "a/x.ipynb"),
        ("--output=x.html", "a/x.ipynb"),
        ("--output {notebook_name}_done", "a/n_done.ipynb"),
        ("--NbClientApp.output_base ../out/x.ipynb", "out/x.ipynb"),
        ("--output /workspace/out/x", "out/x.ipynb"),
    ],
)
def test_what_execute_writes(flags: str, executed: str | None) -> None:
    run = run_of(f"jupyter execute a/n.ipynb {flags}")
    assert (run.executed, run.exports, run.folder) == (executed, (), "a")


def test_how_execute_executes() -> None:
    line = "jupyter execute n.ipynb --timeout=-1 --startup_timeout 5 --kernel_name=ir --allow-errors"
    assert run_of(line) == NotebookRun(
        "execute", "n.ipynb", "", None, kernel="ir", startup_timeout=5.0, allow_errors=True
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("jupyter execute a.ipynb b.ipynb", "The line names several notebooks"),
        ("jupyter execute", "The line names no notebook"),
        ("jupyter execute a.ipynb --debug", "The flag `--debug` is not known to us"),
        ("jupyter execute a.ipynb --output ..", "The flag `--output` names no file"),
        ("jupyter execute a.ipynb --output ../x", "The path `../x.ipynb` leaves the workspace"),
    ],
)
def test_what_of_execute_runs_word_for_word(line: str, reason: str) -> None:
    assert reason_of(line) == reason


# -- secrets, JSON, anything -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    "token TOKEN github_token accessToken tokens DB_PASSWORD passwd my-secret api_key APIKEY apiKey credentials auth "
    "x_auth authToken AUTH basic_auth2 private_key PrivateKey oauth2 pwd".split(),
)
def test_secrets_are_masked(name: str) -> None:
    assert masked({name: "x", "deep": [{name: {"a": 1}}]}) == {name: "***", "deep": [{name: "***"}]}


@pytest.mark.parametrize("name", "author authority key keyboard region n primary_key path 1".split())
def test_other_names_are_not(name: str) -> None:
    assert masked({name: {"a": [1]}}) == {name: {"a": [1]}}


WORDS = st.sampled_from(
    "jupyter nbconvert execute papermill python -m env A=1 a.ipynb b.ipynb -- - -1 = {x} .. /workspace . ~ "
    "--execute --to html notebook script --output --output= --output-dir --template basic --inplace --no-input "
    "--ExecutePreprocessor.timeout=5 --timeout -p -y -f -b a: -k --cwd --report-mode {notebook_name}".split()
) | st.text(max_size=8)


@given(
    st.sampled_from(["jupyter nbconvert --execute", "papermill a", "jupyter execute", "env", ""]),
    st.lists(WORDS, max_size=8),
    st.sampled_from(["", "jupyter", "python"]),
)
def test_any_words_are_read(start: str, words: list[str], image: str) -> None:
    found = recognise([*start.split(), *words], image)
    if isinstance(found, NotebookRun):
        for path in (found.notebook, found.executed, found.folder, *(export.path for export in found.exports)):
            assert path is None or not re.match(r"/|\.\.(/|$)", path)
        again = from_json(json.loads(json.dumps(as_json(found))))
        assert repr(again) == repr(found)
    elif found is not None:
        assert found.reason.endswith(", so the line runs word for word.")
        assert found.reason.isprintable()


def test_a_run_survives_json() -> None:
    for line in (f"{NB} --template lab n.ipynb", f"env A=b {PM} -p a 1 -y 'b: [1, {{c: null}}]' -f p.yaml -f q.yaml"):
        run = run_of(line)
        assert from_json(json.loads(json.dumps(as_json(run)))) == run


# -- beside the real programs ----------------------------------------------------------------------

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {},
            "source": "print(CODE)",
            "outputs": [],
            "execution_count": None,
        }
    ],
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "file_extension": ".py", "nbconvert_exporter": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


def lay_out(folder: Path, code: str) -> None:
    (folder / "analysis" / "sub").mkdir(parents=True)
    text = json.dumps(NOTEBOOK).replace("CODE", code)
    (folder / "analysis" / "n.ipynb").write_text(text, encoding="utf-8")


def written_by(folder: Path) -> set[str]:
    files = {path for path in folder.rglob("*") if path.is_file() and "42" in path.read_text(encoding="utf-8")}
    return {path.relative_to(folder).as_posix() for path in files}


def promised(words: list[str]) -> set[str]:
    run = recognise(words)
    assert isinstance(run, NotebookRun), run
    paths = {f"{export.path}.py" if export.to == "script" else export.path for export in run.exports}
    return paths | ({run.executed} if run.executed else set())


@pytest.mark.parametrize(
    "line",
    [
        "nbconvert analysis/n --execute --to html --template basic --output-dir=output --no-input",
        "nbconvert --execute --to notebook --ExecutePreprocessor.timeout -1 analysis/n.ipynb",
        "nbconvert --execute --to html --output-dir output --inplace analysis/n.ipynb",
        "nbconvert analysis/n.ipynb --execute --to markdown --output sub/x.md --allow-errors",
        "papermill analysis/n.ipynb out_{a}.ipynb -p a 1 --cwd analysis --no-progress-bar",
        "execute analysis/n.ipynb --output {notebook_name}_2.html",
    ],
)
def test_the_real_programs_write_what_is_said(
    line: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("papermill")
    lay_out(tmp_path, "6 * 7")
    program, *rest = line.split()
    words = {
        "nbconvert": ["-m", "nbconvert"],
        "papermill": ["-m", "papermill"],
        "execute": ["-c", "from nbclient.cli import main; main()"],
    }[program]
    done = subprocess.run(
        [sys.executable, *words, *rest],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert written_by(tmp_path) == promised([program, *rest] if program == "papermill" else ["jupyter", program, *rest])


COMBINATIONS = [
    "--to html --output x.html --output-dir out",
    "--to HTML --output x.md",
    "--to html --output sub/x",
    "--to html --output {notebook_name}_2",
    "--to html --output-dir .",
    "--to html --output-dir= --no-prompt",
    "--to html --no-input --output-dir out/deep",
    "-FilesWriter.build_directory=out --NbConvertApp.export_format html --HTMLExporter.template_name classic",
    "--to notebook",
    "--to ipynb --output n",
    "--to notebook --output x.ipynb",
    "--to notebook --output-dir=out",
    "--to notebook --output-dir .",
    "--to notebook --NbConvertApp.use_output_suffix=False --debug",
    "--inplace --output x",
    "--to html --inplace --output-dir out",
    "--to script",
    "--to script --output x.py",
    "--to script --output x.txt",
    "--to python --output x.py",
    "--to markdown --output-dir out",
    "--TemplateExporter.exclude_input=True --to html --template lab --ExecutePreprocessor.timeout -1",
]
CONVERT = """
import json, os, sys
from nbconvert.nbconvertapp import NbConvertApp
for folder, words in json.load(sys.stdin):
    os.chdir(folder)
    NbConvertApp.clear_instance()
    app = NbConvertApp.instance()
    app.initialize(words)
    app.start()
"""


def test_flags_name_the_files_that_nbconvert_writes(tmp_path: Path) -> None:
    pytest.importorskip("nbconvert")
    orders: list[tuple[str, list[str]]] = []
    for number, flags in enumerate(COMBINATIONS):
        lay_out(tmp_path / str(number), "42")
        orders.append((str(tmp_path / str(number)), ["analysis/n.ipynb", *flags.split()]))
    done = subprocess.run(
        [sys.executable, "-c", CONVERT], input=json.dumps(orders), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for folder, words in orders:
        expected = promised(["jupyter", "nbconvert", "--execute", *words])
        written = written_by(Path(folder))
        assert written - {"analysis/n.ipynb"} == expected - {"analysis/n.ipynb"}, words
