"""The parameters that a papermill line gives, typed as papermill 2.7 types them. Pure; parameter files are not read."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from .flags import WordForWord

_CONSTANTS = {"True": True, "False": False, "None": None}


def read(given: Mapping[str, list[tuple[Any, ...]]], paths: Sequence[str]) -> dict[str, Any]:
    """Give the parameters of a papermill line, from what ``flags.read_options`` found and its two paths.

    Those of parameter files are not among them; where they say otherwise, these hold (papermill: cli.py).
    """
    if "base64" in given and "files" in given:
        raise WordForWord("Parameters of the flag `-b` would stand back behind those of a file")
    found: dict[str, Any] = {}
    for place, name in zip(("input path", "output path"), paths, strict=True):
        if place in given or "both paths" in given:
            found[f"PAPERMILL_{place.replace(' ', '_').upper()}"] = name
    for (text,) in given.get("base64", ()):
        found.update(_yaml(text, is_encoded=True))
    for (text,) in given.get("yaml", ()):
        found.update(_yaml(text))
    found.update({name: _typed(value) for name, value in given.get("parameters", ())})
    found.update(given.get("raw", ()))
    return found


def _typed(text: str) -> Any:
    """A value of ``-p`` (papermill: cli.py ``_resolve_type``)."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _yaml(text: str, is_encoded: bool = False) -> dict[str, Any]:
    """A mapping in YAML, in which dates stay texts (papermill: iorw.py ``NoDatesSafeLoader``)."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    try:
        found = yaml.load(base64.b64decode(text) if is_encoded else text, Loader=Loader)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # PyYAML lets through what Python says of odd values, such as `!!int ""`.
        raise WordForWord("The parameters in YAML cannot be read") from None
    if found and not (isinstance(found, dict) and _is_plain(found)):
        raise WordForWord("The parameters in YAML are not a mapping of names to plain values")
    return found or {}


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold a value as it is; big ones are not looked through, as aliases make them from little."""
    waiting, budget = [value], 100_000
    while waiting and budget:
        budget -= 1
        item = waiting.pop()
        if isinstance(item, dict) and all(isinstance(key, str) for key in item):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif not isinstance(item, str | float | None) and not (isinstance(item, int) and item.bit_length() < 10_000):
            return False
    return not waiting
