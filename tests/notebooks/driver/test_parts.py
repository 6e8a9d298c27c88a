"""The driver's parts that need no kernel: which kernel, which line, and how much of a flood is kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from jupyter_pipeline.notebooks.commands import Export, NotebookRun
from jupyter_pipeline.notebooks.driver.channels import read, whole
from jupyter_pipeline.notebooks.driver.faults import (
    CannotRun,
    CellError,
    NotebookFailed,
    how_it_ended,
    says_failed,
)
from jupyter_pipeline.notebooks.driver.kernelspecs import START, KernelCommand, choose
from jupyter_pipeline.notebooks.driver.messages import tidy
from jupyter_pipeline.notebooks.driver.order import DriverLimits, DriverOrder
from jupyter_pipeline.notebooks.driver.outputs import Budget, CellOutputs
from jupyter_pipeline.notebooks.driver.progress import shown
from jupyter_pipeline.notebooks.driver.writing import write_all
from tests.helpers.driver_harness import new_notebook, new_output


def order(
    kernel: str | None = None, folders: tuple[str, ...] = (), python: str | None = "/r/bin/python"
) -> DriverOrder:
    run = NotebookRun("papermill", "a.ipynb", "", None, kernel=kernel)
    return DriverOrder(run, "/workspace", python, folders, {"HOME": "/tmp"}, {}, "python:v1")


def spec(folder: Path, name: str, **facts: Any) -> tuple[str, ...]:
    (folder / name).mkdir()
    (folder / name / "kernel.json").write_text(json.dumps({"display_name": name, **facts}))
    return (str(folder),)


def chosen(name: str | None, language: str | None, asked: str | None = None) -> KernelCommand:
    metadata = {"kernelspec": {"name": name}, "language_info": {"name": language}}
    return choose(order(asked), metadata)


@pytest.mark.parametrize(
    ("name", "language", "asked"),
    [
        (None, None, None),
        ("python3", "python", None),
        ("conda-env-study-py", None, None),
        (".venv", None, None),
        ("whatever", "python", None),
        ("ir", "R", "python3"),
        (["odd"], {"odd": 1}, None),
    ],
)
def test_python_notebooks_run_in_the_runtimes_python(name: Any, language: Any, asked: str | None) -> None:
    command = chosen(name, language, asked)
    assert command.argv[:3] == ("/r/bin/python", "-c", START)
    assert command.argv[3:5] == ("-f", "{connection_file}")


@pytest.mark.parametrize(
    ("name", "language", "asked"), [("ir", "R", None), ("python3", "python", "ir"), ("x", None, None)]
)
def test_other_kernels_must_be_there(name: str, language: str | None, asked: str | None) -> None:
    with pytest.raises(CannotRun, match=r"does not have\. It has `python3`"):
        chosen(name, language, asked)


def test_a_kernelspec_is_used_as_it_stands(tmp_path: Path) -> None:
    argv = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}", "{resource_dir}", "{x}"]
    folders = spec(tmp_path, "ir", argv=argv, language="R", interrupt_mode="message")
    command = choose(order("ir", folders, python=None), {})
    assert command.argv == (*argv[:6], str(tmp_path / "ir"), "{x}")
    assert (command.language, command.interrupts_by_message) == ("R", True)


def test_a_kernelspec_of_ipykernel_is_run_by_the_runtimes_python(tmp_path: Path) -> None:
    words = ["/elsewhere/bin/python3.8", "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    command = choose(order("mine", spec(tmp_path, "mine", argv=words)), {})
    assert command.argv[:4] == ("/r/bin/python", "-Xfrozen_modules=off", "-c", START)


@pytest.mark.parametrize("facts", [{}, {"argv": []}, {"argv": 3}])
def test_a_broken_kernelspec_is_told(tmp_path: Path, facts: dict[str, Any]) -> None:
    with pytest.raises(CannotRun, match="The kernelspec `mine` of the runtime python:v1 cannot be used"):
        choose(order("mine", spec(tmp_path, "mine", **facts)), {})


def test_no_kernelspec_outside_its_folder_is_read(tmp_path: Path) -> None:
    spec(tmp_path, "mine", argv=["x"])
    (tmp_path / "inner").mkdir()
    with pytest.raises(CannotRun, match="does not have"):
        choose(order("../mine", (str(tmp_path / "inner"),)), {})


@pytest.mark.parametrize(
    "frame",
    [
        "Cell In[5], line 2\n      1 a\n----> 2 b",
        "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[5]\x1b[39m\x1b[32m, line 2\x1b[39m",
        "Input In [5], in <cell line: 2>()\n      1 a\n----> 2 b",
        "<ipython-input-5-0f> in <module>\n      1 a\n----> 2 b",
        "/tmp/ipykernel_77/123.py in <module>\n      1 a\n----> 2 b",
        '  File "<ipython-input-5-0f>", line 2\n    b\n    ^\nSyntaxError: invalid',
    ],
)
def test_the_line_is_read_from_every_kind_of_traceback(frame: str) -> None:
    lines = ["---", "File /lib/x.py:9, in f", "Cell In[2], line 7", frame, "ValueError: no"]
    error = CellError.of({"ename": "ValueError", "evalue": "no", "traceback": lines})
    assert says_failed("Cell 3 of 4", "a\nb", error, 5) == "Cell 3 of 4 failed at line 2, `b`: ValueError: no"
    assert says_failed("Cell 3 of 4", "\n\na\nb", error, 5) == "Cell 3 of 4 failed at line 4, `b`: ValueError: no"


@pytest.mark.parametrize("content", [{}, {"ename": 3, "evalue": [1], "traceback": "x"}, {"traceback": [None, 1]}])
def test_odd_errors_have_a_sentence_too(content: dict[str, Any]) -> None:
    assert says_failed("Cell 1 of 1", "x", CellError.of(content), None).startswith("Cell 1 of 1 failed: ")


def test_signals_are_told() -> None:
    assert how_it_ended(-9) == "was killed (SIGKILL), probably because memory ran out"
    assert how_it_ended(-11) == "crashed (SIGSEGV)"
    assert how_it_ended(-1000) == "was ended by signal 1000"
    assert how_it_ended(3) == "ended by itself (exit code 3)"


pieces = st.lists(st.tuples(st.sampled_from(["stdout", "stderr", "rich"]), st.text(alphabet="ab\n", max_size=6000)))


@given(pieces)
def test_outputs_are_bounded_and_keep_both_ends(items: list[tuple[str, str]]) -> None:
    nodes: list[Any] = []
    outputs = CellOutputs(nodes, Budget(10**9), DriverLimits(stream=20_000))
    for number, (name, text) in enumerate(items):
        if name == "rich":
            assert outputs.rich(new_output("display_data", data={"text/plain": str(number)}), len(text))
        else:
            outputs.stream(name, text)
        if number % 7 == 3:
            outputs.settle()
    outputs.settle()
    shown = [int(node.data["text/plain"]) for node in nodes if node.output_type == "display_data"]
    assert shown == [number for number, (name, _) in enumerate(items) if name == "rich"]
    for stream in ("stdout", "stderr"):
        printed = "".join(text for name, text in items if name == stream)
        kept = "".join(node.text for node in nodes if node.output_type == "stream" and node.name == stream)
        if sum(len(text) for name, text in items if name != "rich") <= 10_000:
            assert kept == printed
        assert len(kept) <= 20_100


def test_a_full_notebook_takes_no_more() -> None:
    budget, limits = Budget(100_000), DriverLimits(stream=1_000_000)
    for _ in range(100):
        outputs = CellOutputs([], budget, limits)
        outputs.stream("stdout", "x" * 500_000)
        outputs.settle()
        assert sum(len(node.text) for node in outputs.nodes) <= 101_000
    assert sum(len(node.text) for node in outputs.nodes) <= 11_000


def test_messages_are_read_or_refused() -> None:
    frames = [
        b"topic",
        b"<IDS|MSG>",
        b"",
        b'{"msg_type": "stream"}',
        b"[]",
        b"{}",
        b'{"text": "\\ud800\xff", "n": NaN}',
    ]
    message = read(frames)
    assert message is not None
    assert message["content"] == {"text": "\ufffd\ufffd", "n": None}
    assert message["parent_header"] == {}
    assert read([b"hello"]) is None
    with pytest.raises(ValueError, match="no header"):
        read([b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
kinds = st.sampled_from(["stream", "display_data", "execute_result", "error", "clear_output", "comm_msg"])
parts = st.sampled_from(["data", "metadata", "transient", "text", "name", "ename", "evalue", "traceback", "comm_id"])


@given(kinds, st.dictionaries(parts, json_values))
def test_every_content_is_made_tidy(kind: str, content: dict[str, Any]) -> None:
    json.dumps(whole(tidy(kind, content))).encode()


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def test_files_are_made_of_the_notebook(tmp_path: Path) -> None:
    exports = tuple(
        Export(to, path, None) for to, path in (("html", "out/r.html"), ("script", "out/s"), ("markdown", "m.md"))
    )
    run = NotebookRun("nbconvert", "analysis/a.ipynb", "analysis", "b.ipynb", exports)
    told: list[str] = []
    cell: Any = {"cell_type": "code", "id": "c", "source": "x = 1", "metadata": {}, "execution_count": 1}
    picture = new_output("display_data", {"image/png": PIXEL})
    shown = NotebookNode({**cell, "outputs": [picture]})  # type: ignore[no-untyped-call]
    notebook = new_notebook(cells=[shown])
    write_all(notebook, run, str(tmp_path), {"Job": "abc"}, told.append)
    assert told == ["html", "script", "markdown"]
    assert "<dd>abc</dd>" in (tmp_path / "out/r.html").read_text()
    assert "x = 1" in (tmp_path / "out/s.py").read_text()
    assert (tmp_path / "b.ipynb").read_text().endswith("}\n")
    (beside,) = (tmp_path / "m_files").iterdir()
    assert f"m_files/{beside.name}" in (tmp_path / "m.md").read_text()


def test_files_get_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    run = NotebookRun("papermill", "a.ipynb", "", "b.ipynb")
    before = os.umask(0o027)
    try:
        write_all(new_notebook(), run, str(tmp_path), {}, lambda _: None)
    finally:
        os.umask(before)
    assert [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [("b.ipynb", 0o640)]


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    run = NotebookRun("nbconvert", "analysis/a.ipynb", "", None, (Export("html", "x.html", "no-such-template"),))
    with pytest.raises(NotebookFailed, match=r"no html could be made of the notebook: .*no-such-template"):
        write_all(new_notebook(), run, str(tmp_path), {}, lambda _: None)


def test_secrets_are_masked() -> None:
    assert shown({"n": 1, "DB_PASSWORD": "x", "apikey": 2, "l": [1], "t": "y" * 2000}) == {
        "n": 1,
        "DB_PASSWORD": "***",
        "apikey": "***",
        "l": [1],
        "t": "y" * 1000 + "…",
    }
