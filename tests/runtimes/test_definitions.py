from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.config import Config
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.runtimes import definitions
from tests.helpers.runtime_makers import MINOR, project, tiny

DATA = files("jupyter_pipeline.runtimes")
ENTRIES: list[dict[str, Any]] = tomllib.loads((DATA / "definitions.toml").read_text("utf-8"))["runtime"]
LOCKS = sorted(str(entry["lock"]) for entry in ENTRIES if "lock" in entry)


def test_the_images_of_the_platform_are_defined(tmp_path: Path) -> None:
    config = project(tmp_path)
    resolved = {
        name: definitions.choices(name, config)[0].definition.name
        for name in (
            "cohortextractor:latest", "cohortextractor:v1", "python:latest", "python:v1", "python:v2",
            "jupyter:latest", "jupyter:v1", "r:latest", "r:v2", "stata-mp:latest", "stata-mp:v1",
        )
    }  # fmt: skip
    assert resolved == {
        "cohortextractor:latest": "cohortextractor:v1",
        "cohortextractor:v1": "cohortextractor:v1",
        "python:latest": "python:v1",
        "python:v1": "python:v1",
        "python:v2": "python:v2",
        "jupyter:latest": "python:v1",
        "jupyter:v1": "python:v1",
        "r:latest": "r",
        "r:v2": "r",
        "stata-mp:latest": "stata-mp",
        "stata-mp:v1": "stata-mp",
    }


def test_every_entry_is_whole() -> None:
    names = [entry["name"] for entry in ENTRIES]
    aliases = [alias for entry in ENTRIES for alias in entry.get("aliases", ())]
    assert len({*names, *aliases}) == len(names) + len(aliases)
    known = set("name aliases same_as kind program python lock machines fallback environment only_stands_in".split())
    for entry in ENTRIES:
        assert set(entry) <= known
        assert entry.get("same_as", names[0]) in names
        assert entry.get("fallback", names[0]) in names
        if "same_as" not in entry:
            assert entry["kind"] in definitions.KINDS
            assert entry["program"]
        if entry.get("kind") == "python":
            assert re.fullmatch(r"3\.\d+", entry["python"])
            assert entry["lock"]


def pythons(name: str, config: Config) -> list[str | None]:
    return [choice.definition.python for choice in definitions.choices(name, config)]


def test_every_image_of_python_has_stand_ins_for_the_interpreters_that_run_us(tmp_path: Path) -> None:
    config = project(tmp_path)
    for name in ("python:v1", "python:latest", "jupyter:v1", "jupyter:latest"):
        assert pythons(name, config) == ["3.8", "3.10", "3.11", "3.12", "3.13"]
    assert pythons("python:v2", config) == ["3.10", "3.11", "3.12", "3.13"]
    assert pythons("cohortextractor:latest", config) == ["3.8", "3.11", "3.12", "3.13"]


def test_what_stands_in_runs_the_same_program(tmp_path: Path) -> None:
    programs = {choice.definition.program for choice in definitions.choices("jupyter:latest", project(tmp_path))}
    assert programs == {"jupyter"}


def test_the_stand_ins_have_the_packages_of_the_newest_image() -> None:
    def packages(name: str) -> set[str]:
        return {definitions.distribution(pin) for pin in definitions._lock(name)}

    backports = {"exceptiongroup", "tomli"}  # of what is in the library since Python 3.11
    for version in ("3.11", "3.12", "3.13"):
        assert packages("python-v2.txt") - packages(f"python-v2-{version}.txt") == backports
        assert {"ebmdatalab", "geopandas"} <= packages(f"python-v2-{version}.txt")
        assert packages(f"cohortextractor-{version}.txt") == packages("cohortextractor-3.11.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_every_lock_is_exact_and_sorted(name: str) -> None:
    lines = (DATA / "locks" / name).read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert lines[0].startswith("# Python 3.")
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
    assert [pin.split("==")[0] for pin in pins] == sorted({pin.split("==")[0] for pin in pins})
    assert "://" not in "".join(lines)


def test_no_lock_lies_unused() -> None:
    assert sorted(path.name for path in (DATA / "locks").iterdir()) == LOCKS


def test_a_lock_is_for_the_python_of_its_definition() -> None:
    for entry in ENTRIES:
        if "lock" in entry:
            first = (DATA / "locks" / entry["lock"]).read_text("utf-8").splitlines()[0]
            assert first == f"# Python {entry['python']}"


# -- the project's settings ------------------------------------------------------------------------


def test_packages_are_added_and_replace_ours(tmp_path: Path) -> None:
    config = project(tmp_path, '[runtimes."python:v2"]\npackages = ["Pandas==2.2.0", "six_more"]\n')
    choice, *others = definitions.choices("python:v2", config)
    assert {one.added for one in (choice, *others)} == {("Pandas==2.2.0", "six_more")}
    assert not [pin for pin in choice.definition.packages if pin.startswith("pandas==")]
    assert "numpy==1.26.4" in choice.definition.packages


def test_a_setting_for_an_image_is_for_all_its_versions(tmp_path: Path) -> None:
    config = project(tmp_path, '[runtimes.python]\nenvironment = {COLOUR = "blue"}\n')
    for name, python in (("python:v1", "3.8"), ("python:v2", "3.10")):
        definition = definitions.choices(name, config)[0].definition
        assert definition.python == python
        assert definition.environment == {"COLOUR": "blue"}


def test_settings_build_on_each_other(tmp_path: Path) -> None:
    config = project(
        tmp_path,
        tiny("pear") + '[runtimes."more:v1"]\nextends = "tiny:v1"\npackages = ["apple"]\nprogram = "apple"\n',
    )
    (choice,) = definitions.choices("more:v1", config)
    assert choice.added == ("pear", "apple")
    assert (choice.definition.program, choice.definition.python) == ("apple", MINOR)


def test_an_extended_fallback_is_changed_too(tmp_path: Path) -> None:
    config = project(tmp_path, '[runtimes."python:latest"]\npackages = ["pear"]\n')
    assert {choice.added for choice in definitions.choices("python:latest", config)} == {("pear",)}


# -- an interpreter of one's own -------------------------------------------------------------------


def version_in(choice: definitions.Choice, package: str) -> str:
    return next(pin for pin in choice.definition.packages if pin.startswith(f"{package}==")).partition("==")[2]


@pytest.mark.parametrize(
    ("name", "python", "source"),
    [
        ("python:v1", "3.12", "python:v2-python3.12"),
        ("python:latest", "3.10", "python:v2"),
        ("python:v2", "3.13", "python:v2-python3.13"),
        ("cohortextractor:v1", "3.11", "cohortextractor:v1-python3.11"),
    ],
)
def test_pins_are_those_of_the_interpreter(tmp_path: Path, name: str, python: str, source: str) -> None:
    config = project(tmp_path, f'[runtimes.{name.partition(":")[0]}]\npython = "{python}"\npackages = ["pear"]\n')
    (choice,) = definitions.choices(name, config)
    assert (choice.source, choice.definition.python, choice.added) == (source, python, ("pear",))
    assert choice.definition.packages == definitions._lock(
        next(str(entry["lock"]) for entry in ENTRIES if entry["name"] == source)
    )
    assert f"Its packages are those of {source}, since those of" in choice.note


def test_a_version_in_full_is_that_interpreter_with_the_list_of_its_family(tmp_path: Path) -> None:
    config = project(tmp_path, '[runtimes."mine:v1"]\nextends = "python:v2"\npython = "3.11.4"\n')
    (choice,) = definitions.choices("mine:v1", config)
    assert (choice.definition.python, choice.source) == ("3.11.4", "python:v2-python3.11")
    assert choice.definition.name == "mine:v1"


def test_who_names_the_interpreter_of_an_image_gets_it_and_no_stand_in(tmp_path: Path) -> None:
    (choice,) = definitions.choices("python:v1", project(tmp_path, '[runtimes."python:v1"]\npython = "3.8"\n'))
    assert (choice.source, choice.definition.python, choice.note) == ("python:v1", "3.8", "")
    assert version_in(choice, "pandas") == "1.0.1"


def test_the_outermost_interpreter_counts(tmp_path: Path) -> None:
    config = project(
        tmp_path,
        '[runtimes."a:v1"]\nextends = "python:v1"\npython = "3.11"\npackages = ["pear"]\n'
        '[runtimes."b:v1"]\nextends = "a:v1"\npython = "3.12"\n'
        '[runtimes."c:v1"]\nextends = "a:v1"\npackages = ["apple"]\n'
        + tiny("pear")
        + '[runtimes."d:v1"]\nextends = "tiny:v1"\npython = "3.9"\n',
    )
    found = {name: definitions.choices(name, config) for name in ("a:v1", "b:v1", "c:v1", "d:v1")}
    assert {name: (len(of), of[0].definition.python, of[0].source) for name, of in found.items()} == {
        "a:v1": (1, "3.11", "python:v2-python3.11"),
        "b:v1": (1, "3.12", "python:v2-python3.12"),
        "c:v1": (1, "3.11", "python:v2-python3.11"),
        "d:v1": (1, "3.9", ""),
    }
    assert found["c:v1"][0].added == ("pear", "apple")


@pytest.mark.parametrize(("name", "python"), [("python:v1", "3.9"), ("python:v2", "3.8"), ("python:v2", "3.14")])
def test_an_interpreter_without_a_list_is_said_before_anything_is_built(tmp_path: Path, name: str, python: str) -> None:
    config = project(tmp_path, f'[runtimes."{name}"]\npython = "{python}"\n')
    info = runtimes.describe(name, config)
    assert info.state is RuntimeState.MISSING
    assert f"{name} has no list of packages for Python {python}, only for 3." in info.message
    assert "without `extends`" in info.message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('kind = "cloud"', "no kind 'cloud'"),
        ('kind = "docker"', "names no image"),
        ('image = "x:v1"\nextends = "python:v2"', "has no `extends` of its own"),
        ('image = "x:v1"\nkind = "python"', "has no `kind` of its own"),
        ('kind = "python"', 'python = "3.11"'),
        ('python = "two"', "not a version"),
        ('kind = "system"', "names no program"),
        ('kind = "system"\nprogram = "sh"\npackages = ["six"]', "has no packages"),
        ('python = "3.11"\npackages = ["--index-url x"]', "is not a package"),
        ('extends = "pyton:v2"', "Did you mean python:v2"),
        ('extends = "b"\n[runtimes.b]\nextends = "a"', "extends itself: a → b → a"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, settings: str, words: str) -> None:
    config = project(tmp_path, f"[runtimes.a]\n{settings}\n")
    info = runtimes.describe("a", config)
    assert info.state is RuntimeState.MISSING
    assert words in info.message
    assert runtimes.installed("a", config) is None
    with pytest.raises(RuntimeUnavailable, match=re.escape(words)):
        runtimes.prepare("a", config, print)
    assert words in {one.info.name: one.info.message for one in runtimes.describe_all(config)}["a"]


# -- what cannot be had ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pyton:v2", "Did you mean python:v2"),
        ("spss:v1", 'define it in jupyter_pipeline.toml: [runtimes."spss:v1"]'),
        ("ehrql:v1", "ehrql queries the platform's databases"),
        ("databuilder:v0", "first name of ehrql"),
        ("sqlrunner:v1", "sends SQL"),
        ("cohort-joiner:v0.0.35", "reusable action"),
        ("", "There is no runtime"),
        ("::", "There is no runtime"),
    ],
)
def test_unknown_names_get_their_own_sentence(tmp_path: Path, name: str, words: str) -> None:
    info = runtimes.describe(name, project(tmp_path))
    assert (info.state, info.identity, info.resolved) == (RuntimeState.MISSING, "", name)
    assert words in info.message


def test_a_version_that_is_not_there_is_not_guessed(tmp_path: Path) -> None:
    info = runtimes.describe("python:v3", project(tmp_path))
    assert info.state is RuntimeState.MISSING
    assert "Did you mean" in info.message


def test_the_data_is_text_without_addresses() -> None:
    for path in (DATA / "definitions.toml", *(DATA / "locks").iterdir()):
        assert "://" not in path.read_text("utf-8")
