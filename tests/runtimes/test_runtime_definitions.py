from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from runtime_makers import MINOR, project, tiny

from jupyter_pipeline import runtimes
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.runtimes import definitions

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
    known = {"name", "aliases", "same_as", "kind", "program", "python", "lock", "machines", "fallback", "environment"}
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


def test_only_names_that_promise_no_version_fall_back(tmp_path: Path) -> None:
    config = project(tmp_path)
    assert [choice.definition.name for choice in definitions.choices("python:latest", config)] == [
        "python:v1",
        "python:v2",
    ]
    assert len(definitions.choices("python:v1", config)) == 1
    assert len(definitions.choices("jupyter:v1", config)) == 1


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
    (choice,) = definitions.choices("python:v2", config)
    assert choice.added == ("Pandas==2.2.0", "six_more")
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
    assert [choice.added for choice in definitions.choices("python:latest", config)] == [("pear",), ("pear",)]


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
