"""Which files a command depends on; a file that is missed would show old results as new."""

from __future__ import annotations

import hashlib
import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.models import Command
from jupyter_pipeline.scripts.dependencies import (
    CodeUse,
    Dependencies,
    code_used,
    counted,
    digest,
    explain,
)

Files = dict[str, str]


def hashes(files: Files) -> dict[str, str]:
    return {path: hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest() for path, text in files.items()}


def command(line: str) -> Command:
    image, *args = shlex.split(line)
    name, _, version = image.partition(":")
    return Command(line, name, version, tuple(args))


def use(line: str, files: Files, config: str | None = None) -> CodeUse:
    return code_used(command(line), hashes(files), lambda path: files[path].encode(), {}, config)


def used(line: str, files: Files, config: str | None = None) -> set[str]:
    """The files that count, without the noise of asserting on a None."""
    found = use(line, files, config)
    assert found.files is not None, found.why
    return set(found.files)


def notebook(*cells: str, **metadata: Any) -> str:
    return json.dumps({"metadata": metadata, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})


PYTHON = "python:v2 python analysis/a.py"


# -- scripts and their imports ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("import b", {"analysis/b.py"}),
        ("import b as x, c", {"analysis/b.py", "analysis/c.py"}),
        ("from b import thing", {"analysis/b.py"}),
        ("def f():\n    if x:\n        import b", {"analysis/b.py"}),
        ("try:\n    import b\nexcept ImportError:\n    import c", {"analysis/b.py", "analysis/c.py"}),
        ("import p.m", {"analysis/p/__init__.py", "analysis/p/m.py", "analysis/p/n.py"}),
        ("from p import m", {"analysis/p/__init__.py", "analysis/p/m.py", "analysis/p/n.py"}),
        ("from p import name", {"analysis/p/__init__.py"}),
        ("from p import *", {"analysis/p/__init__.py", "analysis/p/m.py", "analysis/p/n.py"}),
        ("from p.n import x", {"analysis/p/__init__.py", "analysis/p/n.py"}),
        ("import space.m", {"analysis/space/m.py"}),
        ("from space import m", {"analysis/space/m.py"}),
        ("import analysis.b", {"analysis/b.py"}),
        ("from lib import tool", {"lib/__init__.py", "lib/tool.py"}),
        ("import both", {"both.py", "analysis/both.py"}),
        ("import chain", {"analysis/chain.py", "analysis/b.py"}),
        ("import round1", {"analysis/round1.py", "analysis/round2.py"}),
        ("import pandas, os, sys\nfrom os import path\nos.path.join(sys.argv)", set()),
        ("import re\nre.compile('x')\ndf.eval('y')\nimport platform\nplatform.system()", set()),
    ],
)
def test_imports_from_the_project_count(source: str, imported: set[str]) -> None:
    files = {
        "analysis/a.py": source,
        "analysis/b.py": "",
        "analysis/c.py": "",
        "analysis/p/__init__.py": "",
        "analysis/p/m.py": "from . import n",
        "analysis/p/n.py": "from .. import b\nfrom . import constant",
        "analysis/space/m.py": "",
        "analysis/chain.py": "from b import x",
        "analysis/round1.py": "import round2",
        "analysis/round2.py": "import round1",
        "analysis/both.py": "",
        "both.py": "",
        "lib/__init__.py": "",
        "lib/tool.py": "",
    }
    expected = imported | {"analysis/a.py"}
    if "analysis/p/n.py" in imported:
        expected |= {"analysis/b.py"}
    assert used(PYTHON, files) == expected


@pytest.mark.parametrize(
    "line",
    [
        "python:v2 python analysis/a.py",
        "python:latest python3 -u -W ignore -Xdev /workspace/analysis/a.py --month 2020-01",
        "python:v2 analysis/a.py",
        "python:v2 ./analysis/a.py",
        "jupyter:latest python analysis/a.py",
        "mine:v1 /usr/bin/python3.8 analysis/a.py",
        "python:v2 python -m analysis.a",
        "python:v2 -m analysis.a",
    ],
)
def test_a_script_is_found_in_a_command(line: str) -> None:
    files = {"analysis/a.py": "import analysis.b", "analysis/b.py": "", "analysis/other.py": "", "x.csv": ""}
    assert used(line, files) == {"analysis/a.py", "analysis/b.py", "x.csv"}


def test_a_package_run_as_a_module_counts_its_main_file_and_its_packages() -> None:
    files = {"p/__init__.py": "import b", "p/__main__.py": "from . import c", "p/c.py": "", "b.py": "", "d.py": ""}
    assert used("python:v2 python -m p", files) == {"p/__init__.py", "p/__main__.py", "p/c.py", "b.py"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("python:v2 python -c 'import b'", "-c"),
        ("python:v2 python -", "python"),
        ("python:v2 python", "no script"),
        ("python:v2 python -m pytest", "-m pytest"),
        ("python:v2 python output/made.py", "output/made.py"),
        ("python:v2 python ../a.py", r"\.\./a.py"),
        ("python:v2 bash analysis/a.py", "bash"),
        ("r:v2 analysis/a.R", "analysis/a.R"),
        ("r:v2 analysis/a.py", "analysis/a.py"),
        ("stata-mp:latest analysis/a.do", "analysis/a.do"),
        ("cohortextractor:latest generate_cohort", "one study definition"),
        ("cohortextractor:latest update --study-definition a", "update"),
        ("cohortextractor:latest generate_cohort --study-definition nothing", "nothing"),
        ("cohortextractor:latest", "no script"),
    ],
)
def test_with_an_unknown_command_all_code_counts(line: str, why: str) -> None:
    files = {"analysis/a.py": "", "analysis/a.R": "", "analysis/a.do": ""}
    found = use(line, files)
    assert found.files is None
    assert why.replace("\\", "") in found.why
    assert counted(found, hashes(files)) == hashes(files)


@pytest.mark.parametrize(
    "source",
    [
        "import importlib",
        "from importlib import import_module",
        "__import__('b')",
        "import runpy",
        "exec(text)",
        "x = eval",
        "compile(text, '', 'exec')",
        "import subprocess",
        "import os\nos.system('python b.py')",
        "import os as o\no.popen('x')",
        "import os.path\nos.execv('x', [])",
        "from os import spawnl",
        "from os import *",
        "import sys\nsys.path.insert(0, 'lib')",
        "from sys import path",
        "import pandas as pd\npd.read_pickle('x')",
        "import pickle",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import papermill",
        "import unittest",
        "from lib import *\nos.system('python c.py')",
        "import lib\nlib.sys.path.append('x')",
        "import asyncio\nasyncio.create_subprocess_exec('x')",
        "def broken(:",
        "\0",
        "x = " + "(" * 5000,
    ],
)
def test_with_dynamic_code_anywhere_all_code_counts(source: str) -> None:
    files = {"analysis/a.py": "import b", "analysis/b.py": "pass\n" + source, "analysis/c.py": ""}
    found = use(PYTHON, files)
    assert found.files is None
    assert "analysis/b.py" in found.why
    if "\0" not in source and "((" not in source:
        assert f"line {source.count(chr(10)) + 2} " in found.why or "line 2 " in found.why


def test_multiprocessing_is_not_dynamic() -> None:
    assert used(PYTHON, {"analysis/a.py": "import multiprocessing"}) == {"analysis/a.py"}


def test_a_file_that_cannot_be_read_counts_everything() -> None:
    def read(path: str) -> bytes:
        raise PermissionError(path)

    found = code_used(command(PYTHON), {"analysis/a.py": "1", "README.md": "2"}, read, {})
    assert found.files is None
    assert found.ignored == ()


def test_an_edit_since_the_snapshot_is_not_taken_for_what_was_hashed() -> None:
    files = {"analysis/a.py": "import b", "analysis/b.py": ""}
    cache: dict[str, Any] = {}
    assert code_used(command(PYTHON), hashes(files), lambda path: b"import c", cache).files is None
    found = code_used(command(PYTHON), hashes(files), lambda path: files[path].encode(), cache)
    assert found.files == ("analysis/a.py", "analysis/b.py")


@pytest.mark.parametrize(
    ("path", "target", "counts_all"),
    [
        ("analysis/lib", "../lib", True),
        ("analysis/b.py", "../lib/x.py", True),
        ("data", "/somewhere", True),
        ("data", "../elsewhere", True),
        ("all", ".", True),
        ("analysis/codes.csv", "../codelists/c.csv", False),
        ("latest", "output/today.csv", False),
    ],
)
def test_a_link_that_may_lead_to_code_counts_everything(path: str, target: str, counts_all: bool) -> None:
    sources = {"analysis/a.py": "", "lib/x.py": "", "codelists/c.csv": ""}
    found = code_used(
        command(PYTHON), hashes(sources) | {path: f"link:{target}"}, lambda path: sources[path].encode(), {}
    )
    assert (found.files is None) == counts_all
    assert path in (found.files or found.why)


# -- files that are not code -----------------------------------------------------------------------

STUDY = {
    "analysis/a.py": "",
    "analysis/b.py": "",
    "analysis/model.do": "",
    "analysis/report.ipynb": "{}",
    "codelists/c.csv": "",
    "analysis/query.sql": "",
    "local/config.json": "",
    "README.md": "",
    "docs/guide.md": "",
    ".github/workflows/x.yaml": "",
    ".gitignore": "",
    "project.yaml": "",
    "LICENSE": "",
}
ALWAYS = {"analysis/a.py", "codelists/c.csv", "analysis/query.sql", "local/config.json"}


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("", set()),
        ("open('project.yaml')", {"project.yaml"}),
        ("open(f'{root}/project.yaml')", {"project.yaml"}),
        ("open(root + '/README' + '.md')", {"README.md", "docs/guide.md"}),
        ("open('%s.md' % name)", {"README.md", "docs/guide.md"}),
        ("open('LICENSE')", {"LICENSE"}),
        ("open(b'LICENSE')", {"LICENSE"}),
        ("Path('docs').iterdir()", {"docs/guide.md"}),
        ("glob('analysis/*.do')", {"analysis/model.do"}),
        ("open('model.do')", {"analysis/model.do"}),
        ("run('report')", {"analysis/report.ipynb"}),
        ("'''The docstring names project.yaml and b.'''", set()),
        ("'''project.yaml'''\nprint(__doc__)", {"project.yaml"}),
        ("# project.yaml", set()),
    ],
)
def test_data_counts_always_and_the_rest_only_where_it_is_named(source: str, named: set[str]) -> None:
    assert used(PYTHON, STUDY | {"analysis/a.py": source}) == ALWAYS | named


def test_what_an_imported_module_names_counts_too() -> None:
    files = STUDY | {"analysis/a.py": "import b", "analysis/b.py": "open('project.yaml')"}
    assert used(PYTHON, files) == ALWAYS | {"analysis/b.py", "project.yaml"}


@pytest.mark.parametrize(
    "argument", ["analysis/model.do", "/workspace/analysis/model.do", "--script=analysis/model.do", "model.do"]
)
def test_what_the_command_names_counts(argument: str) -> None:
    assert used(f"{PYTHON} {argument}", STUDY) == ALWAYS | {"analysis/model.do"}


def test_what_the_config_names_counts() -> None:
    assert used(PYTHON, STUDY, '{"script": "analysis/model.do"}') == ALWAYS | {"analysis/model.do"}


def test_names_with_odd_characters_count_always() -> None:
    assert used(PYTHON, {"analysis/a.py": "", "my notes.py": ""}) == {"analysis/a.py", "my notes.py"}


def test_for_other_languages_housekeeping_counts_only_where_it_is_named() -> None:
    found = use("stata-mp:latest analysis/model.do", STUDY | {"analysis/model.do": 'import "README.md"'})
    assert found.files is None
    assert set(found.ignored) == {"docs/guide.md", ".github/workflows/x.yaml", ".gitignore", "project.yaml", "LICENSE"}
    found = use("r:v2 make.R", {"make.R": 'read_yaml(paste0(name, ".yaml"))', "project.yaml": "", "README.md": ""})
    assert found.ignored == ("README.md",)


# -- study definitions and notebooks ---------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "cohortextractor:latest generate_cohort --study-definition study_a --index-date-range '2020 to 2021'",
        "cohortextractor:latest cohortextractor generate_measures --study-definition=study_a",
    ],
)
def test_a_study_definition_counts_with_its_imports(line: str) -> None:
    files = {"analysis/study_a.py": "from codelists import *", "analysis/codelists.py": "", "analysis/study_b.py": ""}
    files |= {"codelists/x.csv": ""}
    assert used(line, files) == {"analysis/study_a.py", "analysis/codelists.py", "codelists/x.csv"}


CONVERT = "jupyter nbconvert /workspace/analysis/n.ipynb --execute --to html --template basic --output-dir=/workspace/o"


@pytest.mark.parametrize(
    "line",
    [
        f"jupyter:latest {CONVERT} --ExecutePreprocessor.timeout=86400 --no-input",
        f"python:v2 python -m {CONVERT}",
        "jupyter:latest jupyter-execute analysis/n.ipynb --kernel_name=python3",
        "python:v2 papermill analysis/n.ipynb output/n.ipynb -p month 2020 -k python3",
        "python:v2 python -m papermill analysis/n.ipynb analysis/other.ipynb",
    ],
)
def test_a_notebook_counts_with_the_imports_of_its_cells(line: str) -> None:
    files = {
        "analysis/n.ipynb": notebook("%matplotlib inline\nimport b", "%%time\nfrom lib import c\n%run tools/d.py 1"),
        "analysis/b.py": "",
        "lib/c.py": "",
        "analysis/tools/d.py": "import e",
        "analysis/tools/e.py": "",
        "analysis/f.py": "",
    }
    assert used(line, files) == files.keys() - {"analysis/f.py"}


@pytest.mark.parametrize(
    "text",
    [
        notebook("x = 1", "!python b.py"),
        notebook("x = 1", "files = !ls"),
        notebook("x = 1", "%%bash\npython b.py"),
        notebook("x = 1", "%cd lib"),
        notebook("x = 1", "%run $name"),
        notebook("x = 1", "%load_ext mine"),
        notebook("x = 1", "get_ipython().run_line_magic('run', name)"),
        notebook("x = 1", "import os\nos.chdir('lib')"),
        notebook("x <- 1", language_info={"name": "R"}),
        "{",
        "[]",
        '{"cells": 1}',
        '{"cells": [{"cell_type": "code", "source": 1}]}',
        '{"cells": [], "metadata": {"language_info": "python"}}',
    ],
)
def test_a_notebook_that_cannot_be_read_counts_everything(text: str) -> None:
    found = use("jupyter:latest jupyter nbconvert --execute n.ipynb", {"n.ipynb": text, "b.py": ""})
    assert found.files is None
    assert "n.ipynb" in found.why
    if "x = 1" in text:
        assert "cell 2, line" in found.why or "$name" in found.why


@pytest.mark.parametrize(
    "line",
    [
        "jupyter:latest jupyter lab",
        "jupyter:latest jupyter nbconvert --execute *.ipynb",
        "jupyter:latest jupyter nbconvert --execute n.ipynb --config=other.py",
        "jupyter:latest jupyter nbconvert n.ipynb --Exporter.preprocessors=mine.Clean",
        "jupyter:latest jupyter nbconvert n.ipynb --to mine.Exporter",
        "jupyter:latest papermill n.ipynb o.ipynb --cwd lib",
        "jupyter:latest papermill n.ipynb o.ipynb -k ir",
    ],
)
def test_options_that_run_other_code_count_everything(line: str) -> None:
    assert use(line, {"n.ipynb": notebook(""), "other.py": ""}).files is None


def test_a_config_file_of_jupyter_beside_the_notebook_counts_everything() -> None:
    files = {"n.ipynb": notebook(""), "jupyter_nbconvert_config.py": ""}
    assert use("jupyter:latest jupyter nbconvert --execute n.ipynb", files).files is None


# -- digests, explanations, cache ------------------------------------------------------------------


def test_the_digest_changes_with_what_counts_and_with_nothing_else() -> None:
    files = STUDY | {"analysis/a.py": "import b"}

    def of(change: Files) -> str:
        changed = files | change
        return digest(use(PYTHON, changed), hashes(changed))

    same = of({})
    assert same == of({"README.md": "new"}) == of({"analysis/model.do": "new"}) == of({"new.R": ""})
    assert len({same, *(of({path: "#"}) for path in ("analysis/a.py", "analysis/b.py", "codelists/c.csv", "x"))}) == 5


def test_for_all_code_the_digest_covers_all_but_the_ignored() -> None:
    def of(change: Files) -> str:
        changed = STUDY | change
        return digest(use("r:v2 x.R", changed), hashes(changed))

    assert of({}) == of({"project.yaml": "new"})
    assert len({of({}), of({"analysis/b.py": "new"}), of({"codelists/c.csv": "new"}), of({"analysis/z.do": ""})}) == 4


def test_explain_names_what_changed_and_how_it_came_in() -> None:
    files = {"analysis/join.py": "import utilities", "analysis/utilities.py": "", "a.csv": "", "b.csv": "", "c.csv": ""}
    found = use("python:v2 python analysis/join.py", files)
    old = counted(found, hashes(files))
    assert explain(old, old) == ""
    edited = old | {"analysis/utilities.py": "new"}
    assert explain(old, edited, found.via) == "analysis/utilities.py changed (imported by analysis/join.py)"
    assert explain(old, old | {"d.csv": "1"}) == "d.csv was added"
    assert explain(old | {"d.csv": "1"}, old) == "d.csv was removed"
    two = edited | {"a.csv": "new"}
    assert explain(old, two, found.via) == "2 files of the code changed: analysis/utilities.py and a.csv"
    three = two | {"b.csv": "new"}
    assert explain(old, three, found.via) == "3 files of the code changed: analysis/utilities.py, a.csv and b.csv"
    four = three | {"c.csv": "new"}
    assert explain(old, four, found.via) == "4 files of the code changed: analysis/utilities.py, a.csv and 2 more"


def test_what_was_read_once_is_not_read_again_even_through_json() -> None:
    files = {"analysis/a.py": "import b\nfrom .p import q as r\nopen('LICENSE')", "analysis/b.py": "", "LICENSE": ""}
    files |= {"n.ipynb": notebook("%run analysis/b.py")}
    cache: dict[str, Any] = {}
    lines = [PYTHON, "jupyter:latest jupyter execute n.ipynb", "r:v2 x.R"]
    first = [code_used(command(line), hashes(files), lambda path: files[path].encode(), cache) for line in lines]

    def refuse(path: str) -> bytes:
        raise AssertionError(path)

    kept = json.loads(json.dumps(cache))
    assert [code_used(command(line), hashes(files), refuse, kept) for line in lines] == first


@pytest.mark.parametrize("damage", [None, [], 7, [[1], [], [], ""], {"a": 1}, "text"])
def test_a_damaged_cache_is_read_over(damage: Any) -> None:
    files = {"analysis/a.py": "import b", "analysis/b.py": ""}
    cache: dict[str, Any] = {}
    code_used(command(PYTHON), hashes(files), lambda path: files[path].encode(), cache)
    cache = dict.fromkeys(cache, damage)
    found = code_used(command(PYTHON), hashes(files), lambda path: files[path].encode(), cache)
    assert found.files == ("analysis/a.py", "analysis/b.py")


def test_many_commands_on_one_snapshot_read_each_file_once() -> None:
    files = {f"s{number}.py": f"import common  # {number}" for number in range(30)} | {"common.py": ""}
    read: list[str] = []

    def note(path: str) -> bytes:
        read.append(path)
        return files[path].encode()

    dependencies = Dependencies(hashes(files), note, {})
    for number in range(200):
        found = dependencies.code_used(command(f"python:v2 python s{number % 30}.py --n {number}"))
        assert found.files == ("common.py", f"s{number % 30}.py")
        assert dependencies.digest(found) == digest(found, hashes(files))
    assert sorted(read) == sorted(files)


PIECES = st.sampled_from(
    ["import ", "from . import *", "from b import c", "\n", "    ", "%run ", "!", "%%x", "f'{", "(", "'"]
)
SOURCES = st.one_of(st.text(), st.lists(PIECES | st.text(max_size=5)).map("".join))
CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | SOURCES,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["cells", "metadata", "source", "cell_type"]), inner)
    ),
)


@given(source=SOURCES | st.binary(), cells=st.lists(SOURCES) | CELLS, words=st.lists(st.text(max_size=20)))
def test_no_source_and_no_command_raises(source: str | bytes, cells: Any, words: list[str]) -> None:
    data = source if isinstance(source, bytes) else source.encode(errors="surrogatepass")
    text = notebook(*cells) if isinstance(cells, list) and all(isinstance(c, str) for c in cells) else json.dumps(cells)
    contents = {"a.py": data, "n.ipynb": text.encode(), "x.R": data, "README.md": b""}
    files = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    cache: dict[str, Any] = {}
    for args in (
        ["python", "a.py"],
        ["papermill", "n.ipynb"],
        ["x.R"],
        words,
        ["python", *words],
        ["papermill", *words],
    ):
        for image in ("python", "cohortextractor"):
            found = code_used(Command("", image, "v2", tuple(args)), files, contents.__getitem__, cache, "".join(words))
            assert found.why
            assert digest(found, files)
    json.dumps(cache)
