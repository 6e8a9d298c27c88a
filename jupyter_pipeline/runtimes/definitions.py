"""What a runtime's name stands for: the definitions that come with us, and a project's own on top.

Reads only this package's data. What is on this machine is not looked at here.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from ..config import FILE, Config, RuntimeSetting
from ..errors import RuntimeUnavailable
from ..models import RuntimeDefinition
from ..wording import listed

KINDS = ("python", "system", "stata", "docker")
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to satisfy a name: a definition, and what the project changes in it."""

    definition: RuntimeDefinition
    """Its ``packages`` are exact and complete: nothing is resolved."""
    added: tuple[str, ...] = ()
    """The project's own packages, as requirements; what they need in turn comes with them."""
    machines: tuple[str, ...] = ()
    """Processors for which the packages are published; empty when that does not matter."""
    changes: tuple[str, ...] = ()
    """What the project changes without changing what is built, as texts for the identity."""
    source: str = ""
    """The definition of ours whose list of packages it has; empty where it has none."""
    note: str = ""
    """What a person is to know of it before it is built; a sentence, or empty."""

    @property
    def title(self) -> str:
        """What it is called where it is told apart from other choices for the same name."""
        return self.source or self.definition.name


def choices(name: str, config: Config) -> tuple[Choice, ...]:
    """The ways to satisfy `name`, the wanted one first, then its fallbacks.

    Raises RuntimeUnavailable where the name is unknown, needs the platform, or the project's settings for it make no
    sense; the sentence says which.
    """
    setting = config.runtimes.get(name) or config.runtimes.get(name.partition(":")[0])
    if config.executor == "docker" or (setting is not None and setting.image is not None):
        return (_image_choice(name, setting, config.docker.images),)
    return _with_python(_family(name, config.runtimes, ()))


def image_of(name: str, config: Config) -> str:
    """The reference of the image that a runtime is. Raises RuntimeUnavailable where it is none."""
    image = choices(name, config)[0].definition.image
    if image is None:
        raise RuntimeUnavailable(
            f"The runtime {name} is no container image here.", f'Name one in {FILE}: [runtimes."{name}"] image = "...".'
        )
    return image


def names(config: Config) -> tuple[str, ...]:
    """Every name worth listing: ours in the file's order, then the project's own."""
    own = [name for name in config.runtimes if name not in _data().entries]
    return (*_data().entries, *own)


def aliases(name: str) -> tuple[str, ...]:
    """Further names of one of our definitions."""
    return tuple(_data().entries.get(name, {}).get("aliases", ()))


def only_stands_in(name: str) -> bool:
    """Whether `name` is a definition of ours that is there only to stand in for others."""
    return bool(_data().entries.get(name, {}).get("only_stands_in", False))


def remedy_for(program: str) -> str:
    """How to get a program of this machine; a sentence."""
    return _data().remedies.get(
        program.rsplit("/", 1)[-1], f"Install {program}, or name another program for this runtime in {FILE}."
    )


def distribution(requirement: str) -> str:
    """The name of the package that a requirement is about, in the form in which names compare equal."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", requirement.strip(), maxsplit=1)[0]).lower()


# -- images ----------------------------------------------------------------------------------------


def _image_choice(name: str, setting: RuntimeSetting | None, prefix: str | None) -> Choice:
    """The choice of a runtime that is an image, by its own setting or by what is put before every name."""
    image = setting.image if setting is not None else None
    if setting is not None and image is not None:
        odd = [key for key in ("extends", "python", "packages") if getattr(setting, key)]
        if odd or setting.kind not in (None, "docker"):
            raise _refuse(setting, f"an image has no `{(odd or ['kind'])[0]}` of its own", "Remove that setting.")
        if ":" not in setting.name and ":" in name and not re.search(r":[^/]*$", image):
            image += f":{name.partition(':')[2]}"
    elif prefix is not None:
        image = f"{prefix}{name}"
    if image is None:
        raise RuntimeUnavailable(
            f"No image is named for the runtime {name}.",
            f'Name it in {FILE}: [runtimes."{name}"] image = "...", or what stands before every name: [docker] images.',
        )
    program = (setting.program or "") if setting is not None else ""
    environment = setting.environment if setting is not None else _NO_VARIABLES
    definition = RuntimeDefinition(name, "docker", program, environment=environment, image=image)
    return Choice(definition, changes=(f"program {program}",) if program else ())


# -- the project's settings ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Family:
    """All ways to satisfy a name, before an interpreter that a setting names is looked for among them."""

    choices: tuple[Choice, ...]
    python: str | None = None
    """The version that a setting names, the outermost one's where several do."""
    setting: RuntimeSetting | None = None
    """The one that names it."""


def _family(name: str, settings: Mapping[str, RuntimeSetting], seen: tuple[str, ...]) -> _Family:
    setting = settings.get(name) or settings.get(name.partition(":")[0])
    if setting is None or setting.name in seen[-1:]:
        return _Family(_builtin(name, tuple(settings)))
    if setting.name in seen:
        raise _refuse(setting, f"it extends itself: {' → '.join([*seen, setting.name])}", "Break the circle.")
    base = _base_of(name, setting, settings, seen)
    if not base.choices:
        return _Family((_apply(setting, None),))
    family = replace(base, choices=tuple(_apply(setting, choice) for choice in base.choices))
    return replace(family, python=setting.python, setting=setting) if setting.python else family


def _base_of(
    name: str, setting: RuntimeSetting, settings: Mapping[str, RuntimeSetting], seen: tuple[str, ...]
) -> _Family:
    if setting.extends is not None:
        # A setting that extends its own name means the definition that comes with us.
        return _family(setting.extends, settings, (*seen, setting.name))
    return _Family(_builtin(name, tuple(settings)) if _entry(name) is not None else ())


def _with_python(family: _Family) -> tuple[Choice, ...]:
    """The choices of a family; where a setting names an interpreter, the one for that: pins hold for one version only.

    Who names an interpreter wants that one, so nothing stands in for it.
    """
    wanted, first = family.python, family.choices[0]
    if wanted is None or family.setting is None or first.definition.kind != "python":
        return family.choices
    for choice in family.choices if first.source else (first,):
        definition = choice.definition
        if not choice.source or _minor(definition.python or "") == _minor(wanted):
            return (replace(choice, definition=replace(definition, python=wanted), note=_note(first, choice)),)
    versions = list(dict.fromkeys(choice.definition.python or "" for choice in family.choices))
    raise _refuse(
        family.setting,
        f"{first.source} has no list of packages for Python {wanted}, only for {listed(versions)}",
        "Name one of these, or define a runtime under a name of its own, without `extends`, with all the packages "
        "that it needs.",
    )


def _note(wanted: Choice, choice: Choice) -> str:
    if choice is wanted:
        return ""
    return (
        f"Its packages are those of {choice.source}, since those of {wanted.source} are for Python "
        f"{wanted.definition.python}."
    )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _apply(setting: RuntimeSetting, base: Choice | None) -> Choice:
    kind = setting.kind or (base.definition.kind if base else _kind_of(setting))
    if kind not in KINDS:
        raise _refuse(setting, f"there is no kind {kind!r}", f"The kinds are {', '.join(KINDS)}.")
    if base is None or base.definition.kind != kind:
        base = Choice(RuntimeDefinition(setting.name, kind, "python" if kind == "python" else ""))
    if kind == "docker":
        raise _refuse(setting, "it names no image", 'Give one, as in image = "registry.example/python:v2".')
    if kind != "python" and setting.packages:
        raise _refuse(
            setting, f"a runtime of kind {kind} has no packages", 'Remove `packages`, or set kind = "python".'
        )
    old = base.definition
    added = {distribution(item): item for item in (*base.added, *setting.packages)}
    definition = replace(
        old,
        name=setting.name if setting.packages or setting.python else old.name,
        program=setting.program or old.program,
        python=old.python or setting.python,
        # The project's version of a package goes in the place of ours.
        packages=tuple(pin for pin in old.packages if distribution(pin) not in added),
        environment=MappingProxyType({**old.environment, **setting.environment}),
    )
    _check(setting, definition)
    return replace(base, definition=definition, added=tuple(added.values()), changes=_changes(setting, base))


def _changes(setting: RuntimeSetting, base: Choice) -> tuple[str, ...]:
    variables = (f"{name}={value}" for name, value in sorted(setting.environment.items()))
    return (*base.changes, *([f"program {setting.program}"] if setting.program else []), *variables)


def _kind_of(setting: RuntimeSetting) -> str:
    return "python" if setting.packages or setting.python else "system"


def _check(setting: RuntimeSetting, definition: RuntimeDefinition) -> None:
    python = setting.python or definition.python
    if definition.kind == "python" and not re.fullmatch(r"3\.\d+(\.\d+)?", python or ""):
        raise _refuse(setting, f"python = {python!r} is not a version", 'Give one, as in python = "3.11".')
    odd = [item for item in setting.packages if not re.match(r"[A-Za-z0-9]", item) or "\n" in item]
    if odd:
        # A line such as `--index-url ...` would be an option for uv.
        raise _refuse(
            setting, f"{odd[0]!r} is not a package", 'Give names with versions, as in packages = ["six==1.16.0"].'
        )
    if not definition.program:
        raise _refuse(setting, "it names no program", 'Give one, as in program = "Rscript".')


def _refuse(setting: RuntimeSetting, why: str, remedy: str) -> RuntimeUnavailable:
    return RuntimeUnavailable(f"The runtime {setting.name!r} of {FILE} cannot be used: {why}.", remedy)


# -- the definitions that come with us -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Data:
    entries: Mapping[str, Mapping[str, Any]]
    platform_only: Mapping[str, str]
    remedies: Mapping[str, str]


@functools.cache
def _data() -> _Data:
    """definitions.toml; it is part of the code, so it is read once."""
    table = tomllib.loads((files(__package__) / "definitions.toml").read_text("utf-8"))
    return _Data({entry["name"]: entry for entry in table["runtime"]}, table["platform_only"], table["remedies"])


@functools.cache
def _lock(name: str) -> tuple[str, ...]:
    """The lines of a file of ``locks/`` that name packages."""
    text = (files(__package__) / "locks" / name).read_text("utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _entry(name: str) -> Mapping[str, Any] | None:
    """The entry for `name`: its own, one it is an alias of, that of the image for any version, or its latest."""
    entries = _data().entries
    if name in entries:
        return entries[name]
    for entry in entries.values():
        if name in entry.get("aliases", ()):
            return entry
    image, colon, _ = name.partition(":")
    return entries.get(image) if colon else (_entry(f"{name}:latest"))


def _builtin(name: str, own: tuple[str, ...]) -> tuple[Choice, ...]:
    entry = _entry(name)
    if entry is None:
        raise _unknown(name, own)
    first = _choice(entry)
    fallback = first.definition.fallback
    return (first, *(_like(first, other) for other in _builtin(fallback, own))) if fallback else (first,)


def _like(wanted: Choice, choice: Choice) -> Choice:
    """`choice` with the program that `wanted` runs: what stands in for jupyter has to run jupyter."""
    if wanted.definition.kind != "python" or choice.definition.kind != "python":
        return choice
    return replace(choice, definition=replace(choice.definition, program=wanted.definition.program))


def _choice(entry: Mapping[str, Any]) -> Choice:
    same = entry.get("same_as")
    full = {**_data().entries[same], **entry, "name": same} if same else entry
    definition = RuntimeDefinition(
        name=full["name"],
        kind=full["kind"],
        program=full["program"],
        python=full.get("python"),
        packages=_lock(full["lock"]) if "lock" in full else (),
        fallback=full.get("fallback"),
        environment=MappingProxyType(dict(full.get("environment", _NO_VARIABLES))),
    )
    source = definition.name if definition.packages else ""
    return Choice(definition, machines=tuple(full.get("machines", ())), source=source)


def _unknown(name: str, own: tuple[str, ...]) -> RuntimeUnavailable:
    data = _data()
    image, _, version = name.partition(":")
    if image in data.platform_only:
        what, _, remedy = data.platform_only[image].partition(". ")
        return RuntimeUnavailable(f"{what}.", remedy)
    define = f'define it in {FILE}: [runtimes."{name}"] extends = "python:v2", packages = ["..."]'
    known = [*data.entries, *(alias for entry in data.entries.values() for alias in entry.get("aliases", ())), *own]
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.75)
    if close:
        return RuntimeUnavailable(
            f"There is no runtime {name!r} here. Did you mean {' or '.join(close)}?", f"If not, {define}."
        )
    if re.fullmatch(r"v\d+\.\d+(\.\d+)*", version):
        return RuntimeUnavailable(
            f"{name} looks like a reusable action of the platform: its code is a repository named {image} at tag "
            f"{version}, which is not fetched here.",
            f"Copy its script into the project and run it with python:v2 or r, or {define}.",
        )
    return RuntimeUnavailable(
        f"There is no runtime {name!r} here.", f"Use one of {', '.join(data.entries)}, or {define}."
    )
