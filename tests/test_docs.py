"""The pages in docs/ against the code: what they list is what there is, what they quote is said, what they show works.

``python -m tests.test_docs --write`` writes anew the parts that are made from the code.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import config, models
from jupyter_pipeline.api import contract
from jupyter_pipeline.executors import local, sandbox
from jupyter_pipeline.executors.process import ProcessExecutor
from jupyter_pipeline.models import Severity, StatusCode
from jupyter_pipeline.outputs import inventory, publication
from jupyter_pipeline.planning import survey
from jupyter_pipeline.rules import levels, lifecycle, plan
from jupyter_pipeline.runtimes import definitions
from jupyter_pipeline.server.event_stream import SCHEMA as SCHEMA_OF_EVENTS
from jupyter_pipeline.server.extension import PipelineExtension
from jupyter_pipeline.spec import files as spec_files
from jupyter_pipeline.spec import parsing
from jupyter_pipeline.spec.rulesets import (
    HISTORY,
    NATIVE,
    RULES,
    RULESETS,
    E,
    Rulings,
)
from jupyter_pipeline.store.schema import SCHEMA
from tests.helpers.house import LAYERS, modules, name_of
from tests.helpers.places import PACKAGE

ROOT = PACKAGE.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its rank or a higher one."""
    rank = heading.split(" ", maxsplit=1)[0]
    _, found, rest = f"\n{page(name)}".partition(f"\n{heading}\n")
    assert found, f"docs/{name}.md has no heading {heading!r}"
    return re.split(rf"^#{{1,{len(rank)}}} ", rest, flags=re.MULTILINE)[0]


def rows(text: str, *header: str) -> list[list[str]]:
    """The cells of every table that begins with these column names."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else []
        if tuple(cells[: len(header)]) == header:
            inside = True
        elif not cells:
            inside = False
        elif inside and not line.startswith("|---"):
            found.append(cells)
    return found


def coded(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", FENCE.sub("", text))]


def blocks(language: str) -> list[Any]:
    """The examples in one language, of all pages, as parameters."""
    return [
        pytest.param(text, id=f"{path.stem}-{number}")
        for path in PAGES
        for number, (found, text) in enumerate(FENCE.findall(path.read_text(encoding="utf-8")))
        if found == language
    ]


def tree(module: Any) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


# -- the parts that are made from the code ---------------------------------------------------------


def codes_table() -> str:
    lines = ["| Code | State | Sentence |", "|---|---|---|"]
    lines += [f"| `{code}` | `{lifecycle.STATE_OF[code]}` | {lifecycle.SENTENCES[code]} |" for code in StatusCode]
    return "\n".join(lines) + "\n"


def diagram() -> str:
    """The diagram with its arrows in the order of the codes."""
    head, *arrows = lifecycle.diagram().splitlines()
    place = {str(code): number for number, code in enumerate(StatusCode)}
    arrows.sort(key=lambda arrow: [place[code] for code in arrow.split() if code in place])
    return "\n".join(["```mermaid", head, *arrows, "```"]) + "\n"


def runtimes_table() -> str:
    lines = ["| Name | Also | Kind | Program | Python | Packages | Fallback |", "|---|---|---|---|---|---|---|"]
    entries = {entry["name"]: entry for entry in definitions_data()["runtime"]}
    for name, entry in entries.items():
        full = entries[entry["same_as"]] | {"aliases": ()} | entry if "same_as" in entry else entry
        lock = full.get("lock")
        cells = [f"`{name}`", ", ".join(f"`{other}`" for other in full.get("aliases", ()))]
        cells += [f"`{full['kind']}`", f"`{full['program']}`", full.get("python", "")]
        cells += [f"[{lock}](../jupyter_pipeline/runtimes/locks/{lock})" if lock else ""]
        cells += [f"`{full['fallback']}`" if full.get("fallback") else ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def definitions_data() -> dict[str, Any]:
    return tomllib.loads((PACKAGE / "runtimes" / "definitions.toml").read_text(encoding="utf-8"))


GENERATED: list[tuple[str, str, Callable[[], str]]] = [
    ("lifecycle", "codes", codes_table),
    ("lifecycle", "diagram", diagram),
    ("runtimes", "runtimes", runtimes_table),
]


def with_generated(name: str, part: str, text: str) -> str:
    """The page with one generated part as it should be."""
    begin, end = f"<!-- generated: {part} -->\n", "<!-- end -->"
    before, found, rest = page(name).partition(begin)
    assert found, f"docs/{name}.md has no marker for {part}"
    return before + begin + text + end + rest.partition(end)[2]


@pytest.mark.parametrize(("name", "part", "make"), GENERATED, ids=lambda value: value if isinstance(value, str) else "")
def test_generated_part_is_fresh(name: str, part: str, make: Callable[[], str]) -> None:
    assert page(name) == with_generated(name, part, make()), "run: python -m tests.test_docs --write"


# -- architecture ------------------------------------------------------------------------------------


def test_layers_are_those_of_the_layer_test() -> None:
    shown = {layer.lower(): coded(names) for layer, names in rows(page("architecture"), "Layer", "Modules")}
    assert shown == {layer: names.split() for layer, names in LAYERS.items()}


def test_every_module_is_described() -> None:
    described = [name for names, *_ in rows(page("architecture"), "Module") for name in coded(names)]
    assert sorted(described) == sorted(name for names in LAYERS.values() for name in names.split())


def test_every_column_of_the_store_has_a_writer() -> None:
    text = section("architecture", "## The tables")
    for table, body in re.findall(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\)(?: WITHOUT ROWID)?;", SCHEMA, re.DOTALL):
        columns = re.findall(r"(?:^|,)\s*([a-z][a-z0-9_]*) [A-Z]", body)
        _, found, rest = text.partition(f"**{table}**")
        assert found, table
        shown = [name for cells in rows(rest.partition("\n**")[0], "Columns", "Writer") for name in coded(cells[0])]
        assert sorted(shown) == sorted(columns), table


def test_functions_that_are_named_exist() -> None:
    text = section("architecture", "## When something is killed")
    text += section("architecture", "## The way of one request")
    homes = {"shim": "executors.shim", "executor": "executors.local", "store": "store.database"}
    for name in set(re.findall(r"`([a-z_]+(?:\.\w+)+)`", text)) - {"result.json", "project.yaml"}:
        parts = homes.get(name.split(".")[0], name.split(".")[0]).split(".") + name.split(".")[1:]
        places = [PACKAGE / "/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        depth = sum(place.is_dir() or place.with_suffix(".py").exists() for place in places)
        found: Any = import_module(".".join(["jupyter_pipeline", *parts[:depth]]))
        owners = [found, *(value for value in vars(found).values() if isinstance(value, type))]
        assert depth == len(parts) or any(hasattr(owner, parts[depth]) for owner in owners), name


def test_every_decision_is_listed() -> None:
    text = " ".join(section("architecture", "## Decisions").split())
    for file in (DOCS / "decisions").glob("*.md"):
        number, title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(". ", 1)
        assert f"{number}. [{title}](decisions/{file.name})" in text


# -- the life of a job -------------------------------------------------------------------------------


def test_every_end_of_a_job_is_explained() -> None:
    explained = {name for cells in rows(page("lifecycle"), "What happened") for name in coded(cells[1])}
    explained |= set(coded(section("lifecycle", "## What a failure stops")))
    ends = {code for code, state in lifecycle.STATE_OF.items() if state is models.State.FAILED}
    assert ends <= explained


@pytest.mark.parametrize(("header", "words"), [("State", models.State), ("Status", models.RequestStatus)])
def test_states_and_statuses_are_listed(header: str, words: Any) -> None:
    assert [coded(cells[0]) for cells in rows(page("lifecycle"), header)] == [[str(word)] for word in words] or (
        sorted(coded(cells[0])[0] for cells in rows(page("lifecycle"), header)) == sorted(map(str, words))
    )


# -- settings ----------------------------------------------------------------------------------------


def settings_of_the_loader() -> dict[str, set[str]]:
    """The settings that config.py reads, by the heading under which the page has them."""
    headings = {"load": "## Settings", "_limits": "### `[limits]` and `[actions.NAME]`"}
    headings["_runtime"] = '### `[runtimes."NAME"]`'
    headings |= {"_docker": "### `[docker]`", "_grant": "### `[docker.networks.BACKEND]`"}
    found: dict[str, set[str]] = {heading: set() for heading in headings.values()}
    found["### `[stata]`"] = set()
    for function in tree(config).body:
        if not isinstance(function, ast.FunctionDef) or function.name not in headings:
            continue
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            names = {arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
            if "stata" in ast.unparse(call.func):
                found["### `[stata]`"] |= names
            elif call.func.attr in ("text", "get", "sub", "tables", "refuse_unknown") and "table" in ast.unparse(
                call.func
            ):
                found[headings[function.name]] |= names
    return found


@pytest.mark.parametrize("heading", list(settings_of_the_loader()))
def test_every_setting_is_explained(heading: str) -> None:
    text = section("configuration", heading).partition("\n###")[0]
    shown = {coded(cells[0])[0] for cells in rows(text, "Setting", "Default", "Meaning")}
    assert shown == settings_of_the_loader()[heading]


def test_every_field_of_the_settings_is_explained() -> None:
    known = set(coded(page("configuration"))) | {"action_limits", "stata_program", "stata_license", "name"}
    for kind in (config.Config, config.RuntimeSetting, config.DockerSetting, config.NetworkGrant, models.Limits):
        assert {field.name for field in fields(kind)} <= known


def test_every_environment_variable_is_explained() -> None:
    read = set()
    for path in modules():
        if name_of(path) == "cli":  # what a terminal looks like is for docs/cli.md
            continue
        text = path.read_text(encoding="utf-8")
        read |= set(re.findall(r"JUPYTER_PIPELINE_[A-Z]+(?:_[A-Z]+)*", text))
        read |= set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", text))
    shown = {name for cells in rows(page("configuration"), "Variable") for name in coded(cells[0])}
    assert read | {"STATA_LICENSE"} == shown


def test_every_route_is_explained() -> None:
    shown = [name for cells in rows(page("server"), "route") for name in coded(cells[0])]
    assert shown == [f"{verb.upper()} {path.lstrip('/')}" for path, verb in contract.operations()]


def test_every_setting_of_the_server_is_explained() -> None:
    shown = [name for cells in rows(page("operating"), "`c.PipelineExtension.`", "default") for name in coded(cells[0])]
    own = [name for name in PipelineExtension.class_own_traits(config=True) if name in vars(PipelineExtension)]
    assert sorted(shown) == sorted(own)


def test_every_permission_and_event_is_named() -> None:
    resources = {operation.resource for operation in contract.operations().values()}
    assert resources == set(re.findall(r"`(jupyter_pipeline:[a-z]+)`", page("operating")))
    assert f"`{SCHEMA_OF_EVENTS}`" in page("server")


@pytest.mark.parametrize("text", blocks("toml"))
def test_example_of_settings_is_loaded(text: str, tmp_path: Path) -> None:
    name = "pyproject.toml" if "[tool." in text else config.FILE
    (tmp_path / name).write_text(text, encoding="utf-8")
    loaded = config.load(tmp_path)
    assert loaded != config.load(tmp_path / "elsewhere", workspace=loaded.workspace)
    for runtime in loaded.runtimes:
        assert definitions.choices(runtime, loaded)


# -- outputs -----------------------------------------------------------------------------------------


def sentences(text: str) -> list[str]:
    """The first cell of each row that quotes a sentence."""
    return [match for line in text.splitlines() for match in re.findall(r"^\| `([^`]+)` \|", line)]


def is_said(sentence: str, source: str) -> bool:
    """Whether the fixed parts of a sentence, those outside ``<...>``, stand in the code."""
    parts = [part.strip(" .:,") for part in re.split(r"<[^>]+>", sentence)]
    return all(part in source for part in parts)


def source_of(*found: Any) -> str:
    """The code with texts that go on in the next line put together, and the first of two words where one is chosen."""
    text = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in found)
    text = re.sub(r"\{'(\w+)' if [^}]+ else '\w+'\}", r"\1", text)
    return re.sub(r'"\s*\n\s*f?"', "", text)


def test_reasons_to_withhold_are_the_exact_ones() -> None:
    answers = [
        levels.reason_withheld("a.rds", 1, None),
        levels.reason_withheld("a.txt", 17 * 1024**2, None),
        levels.reason_withheld("a.csv", 1, levels.TableFacts(error="odd")),
        levels.reason_withheld("a.csv", 1, levels.TableFacts(1, (" Patient_ID ",))),
        levels.reason_withheld("a.csv", 1, levels.TableFacts(6000, ("a",))),
    ]
    shown = sentences(section("outputs", "## Withheld"))
    assert len(shown) == len(answers)
    for sentence, answer in zip(shown, answers, strict=True):
        pattern = re.escape(re.sub(r"<[^>]+>", "\0", sentence)).replace("\0", ".+")
        assert re.fullmatch(pattern, answer or ""), answer
    assert " ".join(sorted(levels.VIEWABLE_TYPES)) in section("outputs", "## Withheld")
    assert "It is <level>: only code may read it." in page("outputs")


def test_refused_files_are_quoted() -> None:
    quoted = [name for name in coded(section("outputs", "### Links and odd files")) if name.endswith(".")]
    assert len(quoted) == 4
    for sentence in quoted:
        assert is_said(sentence, source_of(inventory)), sentence


def test_manifest_example_has_the_keys_of_a_manifest() -> None:
    found = next(text for language, text in FENCE.findall(page("outputs")) if language == "json")
    example = json.loads(found)
    (path, entry), *_ = example["outputs"].items()
    file = models.OutputFile(path, "describe", "j", "r", models.Level.MODERATELY, 113, 1, "abc")
    facts = {"user": None, "repo": None, "commit": None}
    assert set(entry) == set(inventory.manifest_entry(file, facts))
    explained = {name for cells in rows(page("outputs"), "Key", "Meaning") for name in coded(cells[0])}
    assert explained == set(entry) | set(example) - {"outputs"}


def test_patterns_page_and_levels_agree() -> None:
    assert [coded(cells[0])[0] for cells in rows(page("outputs"), "Level")] == [str(level) for level in models.Level]
    assert " before ".join(f"`{level}`" for level in models.STRICTNESS) in " ".join(page("outputs").split())


# -- staleness ---------------------------------------------------------------------------------------


def test_every_quoted_reason_is_one() -> None:
    from jupyter_pipeline.scripts import dependencies

    source = source_of(plan, survey, publication, dependencies)
    shown = sentences(section("staleness", "## Reasons"))
    assert len(shown) > 20
    for sentence in shown:
        assert is_said(sentence, source), sentence


def test_every_reason_is_quoted() -> None:
    """The fixed parts of what the planner can say stand on the page."""
    text = page("staleness").replace("runs again first", "run again first")
    left_out = {"another action"}  # stands for an action whose name is not known any more
    planner = next(node for node in tree(plan).body if isinstance(node, ast.ClassDef) and node.name == "_Planner")
    damages = next(
        node for node in tree(publication).body if isinstance(node, ast.FunctionDef) and node.name == "damages"
    )
    idle = {id(node.value) for part in (planner, damages) for node in ast.walk(part) if isinstance(node, ast.Expr)}
    said = [
        node.value
        for part in (planner, damages)
        for node in ast.walk(part)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in idle
    ]
    assert len(said) > 20
    for words in said:
        if " " in words.strip() and words not in left_out:
            assert words.strip(" .:,") in text, words


def test_verdicts_and_parts_of_the_fingerprint_are_listed() -> None:
    assert [coded(cells[0])[0] for cells in rows(page("staleness"), "Verdict")] == [
        "run", "stale", "skip", "cannot_run"
    ]  # fmt: skip
    assert {str(verdict) for verdict in models.Verdict} == {"run", "stale", "skip", "cannot_run"}
    parts = [cells[0] for cells in rows(section("staleness", "## The fingerprint"), "Part")]
    assert parts == [field.name for field in fields(plan.Fingerprint)]


def test_code_file_types_are_listed() -> None:
    from jupyter_pipeline.scripts import dependencies

    shown = next(name for name in coded(page("staleness")) if name.startswith(".py "))
    assert sorted(shown.split()) == sorted(dependencies._CODE)


# -- isolation ---------------------------------------------------------------------------------------


def test_missing_isolation_is_quoted(tmp_path: Path) -> None:
    for sentence in ProcessExecutor(tmp_path).missing_isolation:
        assert f"- {sentence}\n" in page("isolation")


def test_places_of_the_sandbox_are_listed() -> None:
    places = {cells[0]: cells[1] for cells in rows(page("isolation"), "Place")}
    assert coded(places["`/etc`"])[0].split() == sandbox.CONFIGURATION
    assert next(coded(cell) for cell in places if "/usr" in cell) == list(sandbox.SYSTEM)


def test_environment_of_a_job_is_listed(tmp_path: Path) -> None:
    from jupyter_pipeline.executors import Task

    runtime = models.Runtime("r", "", "sh", ())
    task = Task("id", tmp_path, (), tmp_path, tmp_path, runtime, models.Limits(), ())
    shown = {name for cells in rows(page("isolation"), "Variable") for name in coded(cells[0])}
    added = {"OPENSAFELY_BACKEND", config.ENV_ACTION, "TMPDIR", "STATA_LICENSE", "STATA_PROGRAM", "R_LIBS_USER"}
    assert shown == set(local.environment(task, "/tmp")) | added


# -- runtimes ----------------------------------------------------------------------------------------


def test_platform_only_images_are_named() -> None:
    assert set(definitions_data()["platform_only"]) <= set(coded(page("runtimes")))
    assert {cells[0] for cells in rows(page("runtimes"), "Kind")} == {f"`{kind}`" for kind in definitions.KINDS}


# -- project.yaml ------------------------------------------------------------------------------------

RULE_TABLE = ("Rule", "Here", "On the platform", "Wrong", "What it says")
WHOLE_FILE = ("### The text as YAML", "### The file as a whole")
_GOOD = "{run: 'python:v2 python %s.py', outputs: {highly_sensitive: {table: output/%s.csv}}}"


def _actions(version: str, **actions: str) -> str:
    return f'version: "{version}"\nactions:\n' + "".join(f"  {name}: {body}\n" for name, body in actions.items())


def _many_overlaps() -> str:
    body = "{run: 'python:v2 python %s.py', outputs: {highly_sensitive: {table: output/*%s*.csv}}}"
    return _actions("4.0", **{f"a{number}": body % (number, number) for number in range(10)})


TOO_LONG_TO_SHOW: dict[str, Callable[[], str | bytes]] = {
    "yaml-character": lambda: 'version: "4.0\x07"\n',
    "yaml-encoding": lambda: "# café\n".encode("latin-1"),
    "yaml-size": lambda: "#" * 8_000_001,
    "yaml-depth": lambda: "[" * 101,
    "yaml-nodes": lambda: "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 10}]\n" for n in range(1, 7)),
    "problems-many": lambda: _actions("4.0", **dict.fromkeys((f"a{number}" for number in range(10_001)), "x")),
    "needs-run-all": lambda: _actions(
        "4.0", run_all=_GOOD % ("all", "all"), plot="{run: 'python:v2', needs: [run_all], outputs: {}}"
    ),
    "run-long": lambda: _actions(
        "4.0", plot="{run: 'python:v2 %s', outputs: {highly_sensitive: {a: a.csv}}}" % ("x" * 10**5)
    ),
    "path-long": lambda: _actions("4.0", plot=_GOOD % ("plot", "long/" * 200 + "plot")),
    "overlap-more": _many_overlaps,
}
"""Files for rules whose fault does not fit in a line."""

_STUDY = _actions(
    "4.0",
    first=_GOOD % ("first", "first"),
    plot="{run: 'python:v2 python plot.py', needs: [first], dummy_data_file: dummy.csv,"
    " outputs: {moderately_sensitive: {plot: output/plot.png}}}",
)
_SCRIPTS = {"first.py": "", "plot.py": "", "dummy.csv": ""}
_READS = "import pandas\ntable = pandas.read_csv('output/%s.csv')\n"
FILES_OF_A_STUDY: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "file-script": (_STUDY, {"Plot.py": "", "first.py": "", "dummy.csv": ""}),
    "file-dummy": (_STUDY, {"plot.py": "", "first.py": ""}),
    "input-unneeded": (_STUDY.replace("needs: [first], ", ""), _SCRIPTS | {"plot.py": _READS % "first"}),
    "input-unmade": (_STUDY, _SCRIPTS | {"plot.py": _READS % "frist"}),
    "output-unclaimed": (_STUDY, _SCRIPTS | {"plot.py": "open('output/plots.png', 'wb')\n"}),
    "output-impossible": (_STUDY.replace("output/plot.png", "output/first.csv/plot.png"), _SCRIPTS),
}
"""A project.yaml and the files beside it, for rules that look at both."""


def rules_of_the_checker() -> set[str]:
    """The names under which the code reports faults."""
    found = {rule.name for rule in RULES}
    for path in modules():
        if not name_of(path).startswith(("spec", "yaml", "rulesets")):
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Assign) and isinstance(call.value, ast.IfExp) and "rule" in ast.unparse(call)[:5]:
                found |= set(map(ast.literal_eval, (call.value.body, call.value.orelse)))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                place = {"Fault": 0, "Problem": 0, "_problem": 0, "_Complaint": 1}.get(call.func.id)
                name = call.args[place] if place is not None and len(call.args) > place else None
                if isinstance(name, ast.Constant):
                    found.add(str(name.value))
    return found


def rule_rows() -> Iterator[tuple[str, list[str]]]:
    """Heading and cells of every row that is about a rule."""
    for heading in re.findall(r"^### .*$", page("project-yaml"), re.MULTILINE):
        for cells in rows(section("project-yaml", heading), *RULE_TABLE):
            yield heading, [*cells, *[""] * (5 - len(cells))]


def wrong_file(heading: str, rule: str, wrong: str) -> str | bytes:
    """The project.yaml that a row is about."""
    if wrong.startswith("("):
        return TOO_LONG_TO_SHOW[rule]()
    text = wrong.strip("`").replace("→", "\t")
    if heading in WHOLE_FILE:
        return text.replace("⏎", "\n") + "\n"
    name, _, value = text.partition(": ")
    sample = next(text for language, text in FENCE.findall(page("project-yaml")) if "  plot:\n" in text)
    head, _, plot = sample.partition("  plot:\n")
    if name not in ("run", "needs", "outputs", "config", "dummy_data_file"):
        old = re.compile(rf"^  {re.escape(name)}: .*\n", re.MULTILINE)
        head = old.sub("", head) + f"  {name}: {value}\n"
        return head if name == "plot" else f"{head}  plot:\n{plot}"
    return f"{head}  plot:\n" + re.sub(rf"^    {name}: .*\n", "", plot, flags=re.MULTILINE) + f"    {name}: {value}\n"


def said_of(heading: str, rule: str, wrong: str) -> str:
    """The message, as the checker has it."""
    if rule in FILES_OF_A_STUDY:
        text, files = FILES_OF_A_STUDY[rule]
        drafts = parsing.examine(text).drafts
        faults: Iterable[models.Problem] = spec_files.file_problems(drafts, files, lambda path: files[path].encode())
    else:
        faults = parsing.examine(wrong_file(heading, rule, wrong)).faults
    for problem in faults:
        if problem.rule == rule:
            parts = problem.message.split("`")  # in backticks, every other one, nothing needs to be escaped
            parts[::2] = [part.replace("<", "&lt;") for part in parts[::2]]
            return "`".join(parts)
    pytest.fail(f"{wrong} breaks no rule {rule}")


def ruled(rulings: Rulings) -> str:
    """What rulings say, such as "warning below 5, error from 5"."""
    told = []
    for each in rulings:
        first, below = each.first, each.below
        span = " in version 3" if (first, round(below, 9)) == (3, 3) else ""
        span = span or (f" from {first:g}" if first > 0 else "") + (f" below {below:g}" if below < 99 else "")
        told.append(f"{each.severity}{span}")
    return ", ".join(told) or "-"


def ruled_upstream(rule: str) -> str:
    """What the platform's rule sets say of a rule: together if they agree, else each."""
    told = {name: ruled(rules.rulings.get(rule, E)) for name, rules in RULESETS.items() if rules is not NATIVE}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    by_words: dict[str, list[str]] = {}
    for name, words in told.items():
        by_words.setdefault(words, []).append(f"`{name}`")
    listed = "; ".join(f"{', '.join(names)}: {words}" for words, names in by_words.items() if words != "-")
    return listed + (f" ({HISTORY[rule]})" if rule in HISTORY else "")


def with_fresh_cells(heading: str, cells: list[str]) -> list[str]:
    rule, _, _, wrong, _ = cells
    name = rule.strip("`")
    return [rule, ruled(NATIVE.rulings.get(name, E)), ruled_upstream(name), wrong, said_of(heading, name, wrong)]


def test_every_rule_is_explained_once() -> None:
    shown = [coded(cells[0])[0] for _, cells in rule_rows()]
    assert sorted(shown) == sorted(rules_of_the_checker())
    assert set(NATIVE.rulings) <= set(shown)


@pytest.mark.parametrize(
    ("heading", "cells"), list(rule_rows()), ids=lambda value: value[0] if isinstance(value, list) else ""
)
def test_example_of_a_rule_says_what_the_page_says(heading: str, cells: list[str]) -> None:
    assert cells == with_fresh_cells(heading, cells), "run: python -m tests.test_docs --write"


def with_fresh_rules() -> str:
    text = page("project-yaml")
    for heading, cells in rule_rows():
        before, _, rest = text.partition(f"\n| {cells[0]} |")
        row = " | ".join(with_fresh_cells(heading, cells))
        text = f"{before}\n| {row} |\n{rest.partition(chr(10))[2]}"
    return text


@pytest.mark.parametrize("text", blocks("yaml"))
def test_example_of_a_project_is_valid(text: str) -> None:
    if not text.startswith("version:"):
        pytest.skip("a part of a file")
    parsed = parsing.parse(text)
    assert parsed.pipeline is not None
    assert not [problem for problem in parsed.problems if problem.severity is not Severity.HINT]


# -- all pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


def anchors(file: Path) -> set[str]:
    """The names of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def command_lines() -> list[Any]:
    found = []
    for path in PAGES:
        for text in [body for language, body in FENCE.findall(path.read_text(encoding="utf-8")) if not language]:
            for line in re.findall(r"^jupyter pipeline (.+?)(?:\s+#.*)?$", text, re.MULTILINE):
                found.append(pytest.param(line, id=f"{path.stem}-{line}"))
    return found


@pytest.mark.parametrize("line", command_lines())
def test_commands_exist(line: str) -> None:
    import shlex

    from jupyter_pipeline.cli import parser

    assert parser.parse(shlex.split(line.replace("...", "")))


def test_make_targets_are_listed() -> None:
    targets = re.findall(r"^([a-z-]+):.*?## (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows(page("developing"), "Task") == [[f"`make {name}`", what] for name, what in targets]


def write() -> None:
    """Write anew what is made from the code."""
    for name, part, make in GENERATED:
        (DOCS / f"{name}.md").write_text(with_generated(name, part, make()), encoding="utf-8")
    (DOCS / "project-yaml.md").write_text(with_fresh_rules(), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.test_docs --write")
    write()
