"""Which way of satisfying a name is taken, and what is said where it is not the wanted one.

How it stands with each way is looked at elsewhere (environments.py, system.py and others); nothing is built here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..models import RuntimeState
from ..wording import listed, plural
from .availability import Availability
from .definitions import Choice, distribution

_TELLING = ("pandas", "numpy", "matplotlib", "ipykernel")
"""Packages whose versions say most to a researcher."""


def first(
    name: str, choices: Sequence[Choice], look: Callable[[Choice], Availability], failed: Mapping[int, Availability]
) -> tuple[int, Availability]:
    """The number of the first choice that can be had, and how it stands with it; else the first with what it lacks.

    Choices that have `failed`, by number, are passed over with what is told of them.
    """
    looks: list[Availability] = []
    for number, choice in enumerate(choices):
        looks.append(failed[number] if number in failed else look(choice))
        if looks[-1].state is not RuntimeState.MISSING:
            break
    taken = len(looks) - 1
    if looks[taken].state is RuntimeState.MISSING:
        return 0, replace(looks[0], remedy=_remedy(looks[0].remedy, choices))
    found = looks[taken]
    if taken > 0:
        why = f"{looks[0].message} {_sentence(name, choices[0], choices[taken], found)}"
        found = replace(
            found, stand_in=why, message=f"{why} {found.message}".strip(), remedy=_remedy(looks[0].remedy, choices)
        )
    if found.downloads:
        found = replace(found, message=f"{found.message} {_if_that_fails(name, choices, taken, look)}".strip())
    return taken, found


def _if_that_fails(name: str, choices: Sequence[Choice], taken: int, look: Callable[[Choice], Availability]) -> str:
    """What would stand in if a download failed; a sentence, or empty."""
    for choice in choices[taken + 1 :]:
        found = look(choice)
        if found.state is not RuntimeState.MISSING and not found.downloads:
            return f"If that fails, {_sentence(name, choices[0], choice, found)}"
    return ""


def _sentence(name: str, wanted: Choice, choice: Choice, found: Availability) -> str:
    """What stands in for what, and how it differs."""
    python = f" with Python {found.python}" if found.python else ""
    return f"{choice.title}{python} stands in for {name}{_difference(wanted, choice)}."


def _difference(wanted: Choice, choice: Choice) -> str:
    """How the packages differ, as the end of a sentence; empty where neither has a list."""
    ours, theirs = _versions(wanted), _versions(choice)
    if not ours or not theirs:
        return ""
    changed = [package for package in ours if theirs.get(package, ours[package]) != ours[package]]
    gone = len(ours.keys() - theirs.keys())
    if not changed and not gone:
        return ", with the same versions of its packages"
    telling = next((package for package in (*_TELLING, *changed) if package in changed), "")
    parts = []
    if changed:
        versions = "another version" if len(changed) == 1 else "other versions"
        verb = "has" if len(changed) == 1 else "have"
        parts.append(
            f"{len(changed)} {verb} {versions} (such as {telling} {theirs[telling]} instead of {ours[telling]})"
        )
    if gone:
        parts.append(f"{gone} {'is' if gone == 1 else 'are'} left out")
    return f": of its {plural(len(ours), 'package')} {' and '.join(parts)}, so results may differ"


def _versions(choice: Choice) -> dict[str, str]:
    return {distribution(pin): pin.partition("==")[2] for pin in choice.definition.packages}


def _remedy(remedy: str, choices: Sequence[Choice]) -> str:
    """`remedy`, and which other interpreters would do."""
    others = dict.fromkeys(choice.definition.python for choice in choices[1:] if choice.definition.python)
    versions = [version for version in others if version and version != choices[0].definition.python]
    if not versions:
        return remedy
    return f"{remedy} Python {listed(versions, 'or')} would do for a stand-in with other versions of the packages."
