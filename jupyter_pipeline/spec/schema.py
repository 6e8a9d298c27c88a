"""Says the rules of project.yaml as a JSON Schema (draft 7), so that editors complete keys, explain and underline them.

Made from the checker's own tables and regular expressions. A schema can say less than ``spec`` (nothing that compares
two places of a file, but for the version), and it never refuses what ``spec`` accepts for what runs here, except
unknown keys and a ``run_all`` of one's own, which do nothing, and ``true`` or ``false`` for a number.

The package ships the text as ``project.schema.json``; make it anew with
``python -m jupyter_pipeline.spec.schema > jupyter_pipeline/spec/project.schema.json``.

The patterns are written in what Python and ECMA 262 (with and without ``u``) both understand and understand alike,
but for ``$``: Python's also stands before a final line break. ``patternErrorMessage`` and ``defaultSnippets`` are
words of VS Code and yaml-language-server, which other validators pass over.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ..models import RUN_ALL, Level
from . import (
    action,
    parsing,
    paths,
    rulesets,
)

Schema = dict[str, Any]

RUN_EXAMPLES = (
    "python:v2 python analysis/describe.py",
    "r:v2 analysis/plot.R",
    "stata-mp:v1 analysis/model.do",
    "jupyter:v1 nbconvert --execute --to html --output-dir output analysis/report.ipynb",
    "cohortextractor:v1 generate_cohort --study-definition study_definition",
)
"""A run line for each image that comes with us."""

_NEWEST = f"{rulesets.NEWEST}.0"
_SPACE = r"[\t-\r\x1c- ]*"
"""What ``float`` and ``int`` strip, as far as it is ASCII."""
_NOT_ASCII = r"[\s\S]*[^\x00-\x7f][\s\S]*"
_GAP = r"[ \t\r\n]"
"""What separates the words of a run line (``shlex``)."""
_WORD_END = r"(?![^ \t\r\n])"
_FOLDERS = r"(?:[^/]*/)*"
_SEGMENT_END = "(?:/|$)"
INVISIBLE = (
    r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u3000"
    r"\ufeff\ufff9-\ufffb"
)
"""Characters a path cannot hold, for within ``[...]``: the common ones that ``str.isprintable`` says no to."""


def text() -> str:
    """Give the schema as the text of project.schema.json: the same for the same rules, with a final line break."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> Schema:
    """Give the schema of a project.yaml as plain values, new ones at each call."""
    properties = {"version": _version(), "expectations": _expectations(), "actions": _actions()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Made by `python -m jupyter_pipeline.spec.schema`; change that, not this.",
        "title": "project.yaml",
        "description": "What a study does: its actions, what each one runs, needs and makes.",
        "type": "object",
        "properties": {key: properties[key] for key in parsing.KEYS},
        "required": ["version", "actions"],
        "additionalProperties": False,
        "allOf": [_population_where_it_counts()],
        "defaultSnippets": [_project_snippet()],
        "definitions": {"action": _action(), "path": _path(), "value": _json_value()},
    }


# -- the top level ---------------------------------------------------------------------------------


def _version() -> Schema:
    last = rulesets.NEWEST - 1
    plain = rf"\+?0*(?:[{rulesets.OLDEST}-{last}](?:\.[0-9]*)?|{rulesets.NEWEST}(?:\.0*)?)"
    # Python reads more as a number: exponents, underscores, digits of other scripts, more places than it can keep.
    odd = r"[-+._0-9]*[eE_][-+._eE0-9]*|\+?[0-9]*\.[0-9]{16,}"
    return {
        "description": f"Which rules hold: a number from {rulesets.OLDEST} to {rulesets.NEWEST}. Quotes are welcome.",
        "type": ["string", "number"],
        "minimum": rulesets.OLDEST,
        "maximum": rulesets.NEWEST,
        "pattern": f"^{_SPACE}(?:{plain}|{odd}){_SPACE}$|^{_NOT_ASCII}$",
        "patternErrorMessage": f"Write a version from {rulesets.OLDEST} to {rulesets.NEWEST}, such as {_NEWEST}.",
        "default": _NEWEST,
        "examples": [f"{version}.0" for version in range(rulesets.NEWEST, rulesets.OLDEST - 1, -1)],
    }


def _expectations() -> Schema:
    return {
        "description": f"Only in version {parsing.POPULATION_VERSION}: how much synthetic data cohortextractor makes.",
        "properties": {
            "population_size": {
                "description": "How many synthetic patients cohortextractor makes: a whole number.",
                "default": parsing.DEFAULT_POPULATION,
                "examples": [parsing.DEFAULT_POPULATION, 10_000],
            }
        },
    }


def _population_where_it_counts() -> Schema:
    """Ask for ``expectations`` in the one version that has them; in others they may be anything."""
    number = parsing.POPULATION_VERSION
    pattern = rf"^{_SPACE}\+?0*{number}(?:\.0*)?{_SPACE}$"
    version = {"type": ["string", "number"], "minimum": number, "maximum": number, "pattern": pattern}
    population = {
        "type": ["string", "number"],
        "pattern": rf"^{_SPACE}[-+]?[0-9]+(?:_[0-9]+)*{_SPACE}$|^{_NOT_ASCII}$",
        "patternErrorMessage": f"Write a whole number, such as {parsing.DEFAULT_POPULATION}.",
    }
    section = {
        "type": "object",
        "properties": {"population_size": population},
        "required": ["population_size"],
        "additionalProperties": False,
    }
    return {
        "if": {"properties": {"version": version}, "required": ["version"]},
        "then": {"properties": {"expectations": section}, "required": ["expectations"]},
    }


def _actions() -> Schema:
    return {
        "description": "The actions by their names. What they need decides their order, not the file.",
        "type": "object",
        # Editors that do not resolve merge keys first see `<<` as a name.
        "propertyNames": _name_of_action("|^<<$"),
        "additionalProperties": {"$ref": "#/definitions/action"},
        "defaultSnippets": [_action_snippet()],
    }


def _name_of_action(also: str = "") -> Schema:
    return {
        "pattern": f"^(?!{RUN_ALL}$)(?:{action.NAME.pattern})${also}",
        "patternErrorMessage": (
            "The name of an action has letters, digits, `_` and `-`, a letter, digit or `_` first, "
            f"and is not `{RUN_ALL}`, which is built in and stands for all actions."
        ),
        "maxLength": action.MAX_NAME,
    }


# -- an action -------------------------------------------------------------------------------------


def _action() -> Schema:
    properties = {
        "run": _run(),
        "needs": _needs(),
        "outputs": _outputs(),
        "config": {
            "description": "Settings for the command, as `key: value` lines. Added to it as `--config` and JSON.",
            "type": ["object", "null"],
            "additionalProperties": {"$ref": "#/definitions/value"},
            "examples": [{"by": "region"}],
        },
        "dummy_data_file": _dummy_data_file(),
    }
    return {
        "title": "action",
        "description": "One step of the study: what it runs, needs and makes.",
        "type": "object",
        "properties": {key: properties[key] for key in action.KEYS},
        "required": ["run", "outputs"],
        "additionalProperties": False,
        "allOf": [_cohorts_have_one_level()],
    }


def _run() -> Schema:
    image, tag = action.IMAGE.pattern, action.TAG.pattern
    quoted = r"""[^ \t\r\n]*['"\\]"""
    closed = r"""(?:[^'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")*"""
    return {
        "description": (
            "A runtime with its version, such as `python:v2`, then the command. It is split into words as a shell "
            "would, but no shell runs it."
        ),
        "type": "string",
        "allOf": [
            _pattern(
                f"^{_GAP}*(?:(?:{image}):(?:{tag}){_WORD_END}|{quoted})",
                "Begin with a runtime and its version, such as `python:v2`, and a space after it.",
            ),
            _pattern(f"^{closed}$", "A quote is never closed, or the line ends in a backslash."),
            _pattern(r"^[^\x00]*$", "The line holds the character U+0000. Delete it."),
        ],
        "examples": list(RUN_EXAMPLES),
    }


def _needs() -> Schema:
    return {
        "description": "The actions whose outputs it uses, as a list. They run first; no other outputs are there.",
        "type": ["array", "null"],
        # A number is taken as it is written, for actions whose names are numbers; no name begins with `-`.
        "items": {
            "description": "The name of an action of this file.",
            "type": ["string", "number"],
            "minimum": 0,
            **_name_of_action(),
            "patternErrorMessage": "Write the names of actions, with commas between.",
        },
        "examples": [["first_action", "second_action"]],
    }


def _dummy_data_file() -> Schema:
    separator = r"[/\\]"
    return {
        "description": "A file of synthetic data that stands in for a cohort, as seen from the folder of this file.",
        "type": ["string", "null"],
        "allOf": [
            _pattern(
                rf"^(?!{separator}|[^/\\]*:(?:{separator}|$))(?!(?:[^/\\]*{separator})*\.\.(?:{separator}|$))",
                "Write a path inside the project, as seen from the folder of this file.",
            ),
            _pattern(f"^[^{INVISIBLE}]*$", "The path holds an invisible character."),
        ],
        "examples": ["test-data/input.csv"],
    }


def _json_value() -> Schema:
    return {
        "description": "Any value that JSON can say: all but `.nan` and `.inf`.",
        "minimum": -sys.float_info.max,
        "maximum": sys.float_info.max,
        "items": {"$ref": "#/definitions/value"},
        "additionalProperties": {"$ref": "#/definitions/value"},
    }


# -- outputs ---------------------------------------------------------------------------------------


def _outputs() -> Schema:
    meanings = {
        Level.HIGHLY: "Files nobody may look at; only the code of actions that need them.",
        Level.MODERATELY: (
            "Files an approved researcher may look at. The platform lets people view these types: "
            f"{', '.join(paths.VIEWABLE_TYPES)}."
        ),
        Level.MINIMALLY: "Legal, and kept like `highly_sensitive`: nobody may look at these files.",
    }
    return {
        "description": "What it makes, by level: below each level `name: path`.",
        "type": "object",
        "properties": {name: _level(meanings[level]) for name, level in action.LEVELS.items()},
        "minProperties": 1,
        "not": {"minProperties": 1, "additionalProperties": {"type": "null"}},
        "additionalProperties": False,
        "examples": [{Level.MODERATELY.value: {"table": "output/table.csv"}}],
    }


def _level(meaning: str) -> Schema:
    return {
        "description": meaning,
        "type": ["object", "null"],
        "additionalProperties": {"$ref": "#/definitions/path"},
        "examples": [{"table": "output/table.csv"}],
    }


def _path() -> Schema:
    """The rules of ``paths.path_faults``, each with its own sentence; file types are only hints, and left out."""
    reserved = "|".join(_any_case(folder) for folder in paths.RESERVED_FOLDERS)
    segment = f"[^/]{{0,{paths.MAX_SEGMENT}}}"
    return {
        "description": "A path as seen from the folder of this file; `*` stands for any text within one folder.",
        "type": "string",
        "minLength": 1,
        "maxLength": paths.MAX_PATH,
        "allOf": [
            _pattern(f"^[^{INVISIBLE}]*$", "The path holds an invisible character."),
            _pattern(r"^[^\\]*$", "Separate folders with `/`, not with a backslash."),
            _pattern(r"^(?![\s\S]*(?:\*\*|[?\[]))", "Only a single `*` is a wildcard here, not `**`, `?` or `[`."),
            _pattern("^(?!/|[A-Za-z]:)", "Write the path as seen from the folder of this file, not an absolute one."),
            _pattern(rf"^(?!{_FOLDERS}\.\.{_SEGMENT_END})", "Name a place inside the project, without `..`."),
            _pattern(
                rf"^(?!{_FOLDERS}\.{_SEGMENT_END})(?![\s\S]*/(?:/|$))", "Leave out `.` and doubled or final slashes."
            ),
            _pattern(
                rf"^(?!{_FOLDERS}{_any_case('.git')}{_SEGMENT_END})",
                "`.git` is where git keeps the project's history; choose another folder.",
            ),
            _pattern(
                f"^(?!(?:{reserved}){_SEGMENT_END})",
                f"{' and '.join(paths.RESERVED_FOLDERS)} are kept for the pipeline's own records.",
            ),
            _pattern(f"^{segment}(?:/{segment})*$", f"Keep names below {paths.MAX_SEGMENT} characters."),
        ],
        "examples": ["output/table.csv", "output/figure_*.png"],
    }


def _any_case(name: str) -> str:
    """A pattern for an ASCII name in upper and lower case: a schema's patterns have no flags."""
    return "".join(
        f"[{each}{each.upper()}]" if each.isalpha() else rf"\{each}" if each == "." else each for each in name
    )


def _pattern(pattern: str, message: str) -> Schema:
    return {"pattern": pattern, "patternErrorMessage": message}


def _cohorts_have_one_level() -> Schema:
    """Say ``cohort-levels``: where a cohort is extracted, all levels but one are left out or empty."""
    extracts = r"^cohortextractor:[A-Za-z0-9_.-]+ generate_cohort"
    levels = list(action.LEVELS)
    only = [{"properties": {other: {"type": "null"} for other in levels if other != level}} for level in levels]
    return {
        "if": {"properties": {"run": {"type": "string", "pattern": extracts}}, "required": ["run"]},
        "then": {"properties": {"outputs": {"anyOf": only}}},
    }


# -- snippets --------------------------------------------------------------------------------------


def _action_snippet() -> Schema:
    return {
        "label": "new action",
        "description": "An action that runs a script and makes a table.",
        "body": {"${1:describe}": _action_body()},
    }


def _project_snippet() -> Schema:
    return {
        "label": "new project",
        "description": "A file with one action.",
        "body": {"version": _NEWEST, "actions": {"${1:describe}": _action_body()}},
    }


def _action_body() -> Schema:
    """The keys of an action with tab stops; the first stop is its name."""
    return {
        "run": "python:v2 python analysis/${2:describe}.py",
        "outputs": {f"${{3:{Level.MODERATELY}}}": {"${4:table}": "output/${5:table}.csv"}},
    }


if __name__ == "__main__":
    sys.stdout.write(text())
