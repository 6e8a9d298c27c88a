"""What pip is told on this machine: its configuration files and variables, which institutions set and uv does not read.

pip itself is not asked, as it need not be installed. What becomes of the settings is not here (package_sources.py).
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MACHINE = Path("/etc/pip.conf")
_SECTIONS = ("global", "install")
"""Sections that count for `pip install`, the stronger one last."""


@dataclass(frozen=True, slots=True)
class PipSetting:
    """One setting and where it is from."""

    value: str
    origin: str
    """The variable's name or the file's path."""

    @property
    def words(self) -> list[str]:
        """The value's parts, for settings that hold several."""
        return self.value.split()

    @property
    def is_on(self) -> bool:
        """Whether it is switched on, as pip reads it."""
        return self.value.lower() in ("y", "yes", "t", "true", "on", "1")


def read(environment: Mapping[str, str]) -> dict[str, PipSetting]:
    """pip's settings for `pip install`, by name (``index-url``); files that cannot be read are passed over.

    The order is pip's: a section goes before the file that it is in, and variables go before all files
    (pip: user guide, "Configuration").
    """
    sections: dict[str, dict[str, PipSetting]] = {section: {} for section in _SECTIONS}
    for path in _files(environment):
        parser = _parsed(path)
        for section in _SECTIONS:
            for name, value in parser[section].items() if parser.has_section(section) else ():
                sections[section][_normal(name)] = PipSetting(value.strip(), str(path))
    for name, value in environment.items():
        if name.startswith("PIP_"):
            sections["install"][_normal(name.removeprefix("PIP_"))] = PipSetting(value.strip(), name)
    merged = {name: setting for section in _SECTIONS for name, setting in sections[section].items()}
    return {name: setting for name, setting in merged.items() if setting.value}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _parsed(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text("utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return configparser.RawConfigParser()
    return parser


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """pip's configuration files, the strongest last, whether they exist or not."""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    yield from _of_machine(environment)
    if not (named and Path(named).exists()):
        yield from _of_person(environment)
    yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)


def _of_machine(environment: Mapping[str, str]) -> Iterator[Path]:
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
        return
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        if folder:
            yield Path(folder) / "pip" / "pip.conf"
    yield MACHINE


def _of_person(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    if not home.is_absolute():  # a machine where this person has no home
        return
    yield home / ".pip" / "pip.conf"
    of_mac = home / "Library" / "Application Support" / "pip"
    if sys.platform == "darwin" and of_mac.is_dir():
        yield of_mac / "pip.conf"
    else:
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
