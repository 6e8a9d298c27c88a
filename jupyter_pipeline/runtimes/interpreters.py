"""Finding a Python interpreter of a given version: on this machine first, by uv's download as a last resort.

uv's own search knows its own downloads and PATH; researchers' interpreters are more often in pyenv's, conda's or
Homebrew's folders. What was found is remembered in the cache, so that planning starts no process.
"""

from __future__ import annotations

import glob
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import RuntimeUnavailable
from . import uv_program
from .availability import short_hash
from .interpreter_memory import MEMORY, failed_since, forget, note_failure, recall, remember, stamp

__all__ = [
    "DOWNLOAD_FAILED",
    "MEMORY",
    "CannotDownload",
    "Interpreter",
    "download",
    "downloadable",
    "find",
    "how_to_get",
    "look_again",
    "reason_not_downloadable",
]

DOWNLOAD_FAILED = "and downloading it failed"
"""Why an interpreter is not here, as the end of a sentence."""

_PROBE = """
import json, platform, sys
print(json.dumps({
    "program": getattr(sys, "_base_executable", None) or sys.executable,
    "version": platform.python_version(),
    "prefix": sys.base_prefix,
    "machine": platform.machine(),
    "implementation": platform.python_implementation(),
}))
"""
_PROBE_SECONDS = 30

_FOLDERS = (
    "{uv}/cpython-{version}*/bin",
    "{cache}/python/cpython-{version}*/bin",
    "{pyenv}/versions/{version}*/bin",
    "~/.pyenv/versions/{version}*/bin",
    "~/.local/share/uv/python/cpython-{version}*/bin",
    "~/.local/share/mise/installs/python/{version}*/bin",
    "~/.asdf/installs/python/{version}*/bin",
    "~/.local/bin",
    "/usr/local/bin",
    "/opt/python*/bin",
    "/opt/python/{version}*/bin",
    "/opt/homebrew/opt/python@{minor}/bin",
    "/usr/local/opt/python@{minor}/bin",
    "/home/linuxbrew/.linuxbrew/opt/python@{minor}/bin",
    "/Library/Frameworks/Python.framework/Versions/{minor}/bin",
    "{conda}/bin",
    "{conda}/envs/*/bin",
    "~/*conda3/bin",
    "~/*conda3/envs/*/bin",
    "~/*forge*/bin",
    "~/*forge*/envs/*/bin",
    "~/.conda/envs/*/bin",
    "/opt/*conda*/bin",
    "/opt/*conda*/envs/*/bin",
    "/opt/*/bin",
)
"""Where interpreters are kept, most deliberate first; patterns of the shell, ``{...}`` filled in."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python interpreter that is here, or one that uv knows how to download."""

    version: str
    """In full, such as ``3.8.18``."""
    machine: str
    program: str | None = None
    """Its path, or None while it is only to be had by download."""
    prefix: str | None = None
    """The folder of its library."""


class CannotDownload(RuntimeUnavailable):
    """An interpreter is not here and its download failed; the failure is remembered."""


def find(version: str, cache: Path, machines: tuple[str, ...] = ()) -> Interpreter | None:
    """The interpreter for `version` (``3.8`` or ``3.8.18``) on this machine, or None.

    `machines` restricts the processor it is built for. An answer is remembered in `cache` and holds for as long as
    the file it names does not change.
    """
    key = " ".join((version, *machines))
    known = recall(cache, "found").get(key)
    if known and stamp(known["program"]) == known["stamp"]:
        return Interpreter(**{name: known[name] for name in Interpreter.__dataclass_fields__})
    passed_over = recall(cache, "passed_over")
    for candidate in _candidates(version, cache):
        noted = f"{key} {candidate}"
        if noted in passed_over and passed_over[noted] == stamp(str(candidate)):
            continue
        try:
            found = _probe(candidate, version)
        except (OSError, subprocess.TimeoutExpired):
            continue  # it may answer another time
        if found is not None and (not machines or found.machine in machines):
            remember(cache, "found", key, {**asdict(found), "stamp": stamp(found.program)})
            return found
        remember(cache, "passed_over", noted, stamp(str(candidate)))
    return None


def downloadable(
    version: str, cache: Path, machines: tuple[str, ...] = (), patience: float = math.inf
) -> Interpreter | None:
    """The interpreter that uv would download for `version`; None where it knows none, or where that failed.

    A failure longer than `patience` seconds ago does not count.
    """
    machine = platform.machine()
    failed = failed_since(cache, version)
    if (failed is not None and failed <= patience) or (machines and machine not in machines):
        return None
    offered = _offered(version, cache)
    return Interpreter(offered, machine) if offered else None


def _offered(version: str, cache: Path) -> str | None:
    """The full version that uv has to download for `version`; asked once for each uv, as it comes with the list."""
    try:
        uv = stamp(uv_program.find())
    except RuntimeUnavailable:
        return None
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("UV_PYTHON_"))
    asked = short_hash(uv, settings)  # a hash, as a mirror's address may hold a password
    noted = recall(cache, "listed").get(version)
    if isinstance(noted, dict) and noted.get("asked") == asked:
        answer = noted.get("version")
        return answer if isinstance(answer, str) else None
    try:
        listed = uv_program.answer(
            ["python", "list", "--only-downloads", "--output-format", "json", version], Path(tempfile.gettempdir())
        )
    except RuntimeUnavailable:
        listed = "[]"
    offers = (
        str(entry["version"])
        for entry in json.loads(listed)
        if entry["implementation"] == "cpython" and entry["variant"] == "default" and entry["url"]
    )
    first = next(offers, None)
    remember(cache, "listed", version, {"asked": asked, "version": first})
    return first


def look_again(version: str, cache: Path, machines: tuple[str, ...] = ()) -> None:
    """Forget which programs were passed over for `version`, and that uv had none."""
    key = " ".join((version, *machines))
    forget(cache, "passed_over", *(noted for noted in recall(cache, "passed_over") if noted.startswith(f"{key} ")))
    noted = recall(cache, "listed").get(version)
    if isinstance(noted, dict) and noted.get("version") is None:
        forget(cache, "listed", version)


def download(wanted: Interpreter, version: str, cache: Path, progress: uv_program.Progress) -> Interpreter:
    """Let uv download `wanted` into `cache`; raises CannotDownload, and remembers that for `downloadable`."""
    progress(f"Downloading Python {wanted.version}")
    folder = cache / "python"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        uv_program.run(
            ["python", "install", "--no-bin", "--install-dir", str(folder), f"cpython-{wanted.version}"],
            folder,
            progress,
        )
        found = find(version, cache)
        if found is None:
            raise RuntimeUnavailable(f"Python {wanted.version} was downloaded but does not run here.")
    except RuntimeUnavailable as error:
        note_failure(cache, version, error.message)
        raise CannotDownload(
            f"Python {version} is not on this machine, and downloading it failed. {error.message}", how_to_get(version)
        ) from None
    forget(cache, "failed", version)
    return found


def reason_not_downloadable(version: str, cache: Path) -> str:
    """Why a download is not tried (again), as the beginning of a sentence's second half; may be empty."""
    if failed_since(cache, version) is not None:
        return DOWNLOAD_FAILED
    return "and uv has none to download"


def how_to_get(version: str) -> str:
    """How a person gets an interpreter; a sentence."""
    return (
        f"Install Python {version} (for example `pyenv install {version}` or `conda create -n py python={version}`), "
        "or connect to the network once."
    )


# -- searching -------------------------------------------------------------------------------------


def _candidates(version: str, cache: Path) -> Iterator[Path]:
    """Paths that may be the interpreter, each once; nothing is run."""
    minor = ".".join(version.split(".")[:2])
    names = (f"python{minor}", "python3", "python") if version != minor else (f"python{minor}",)
    seen: set[Path] = set()
    own = getattr(sys, "_base_executable", "") or sys.executable
    ours = [Path(own)] if platform.python_version_tuple()[:2] == tuple(minor.split(".")) else []
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    for path in [*ours, *_named(names, folders), *_named(names, _folders(version, minor, cache))]:
        if path not in seen:
            seen.add(path)
            yield path


def _named(names: Iterable[str], folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for name in names:
            path = folder / name
            if os.path.isfile(path) and os.access(path, os.X_OK):
                yield path
                break


def _folders(version: str, minor: str, cache: Path) -> Iterator[Path]:
    places = {
        "version": version,
        "minor": minor,
        "cache": str(cache),
        "pyenv": os.environ.get("PYENV_ROOT", ""),
        "conda": os.environ.get("CONDA_ROOT") or os.environ.get("CONDA_PREFIX", ""),
        "uv": os.environ.get("UV_PYTHON_INSTALL_DIR", ""),
    }
    for pattern in _FOLDERS:
        if any(f"{{{name}}}" in pattern and not value for name, value in places.items()):
            continue
        path = Path(os.path.expanduser(pattern.format(**places)))
        if path.is_absolute():
            # glob.glob, as Path.glob is ten times slower, and a plan asks for several versions that are nowhere
            yield from sorted(map(Path, glob.glob(str(path), include_hidden=True)), key=_newest_first)


def _newest_first(path: Path) -> list[int]:
    return [-int(number) for number in re.findall(r"\d+", str(path))]


def _probe(program: Path, version: str) -> Interpreter | None:
    """Run `program` once and see what it is; None unless it is CPython of `version`.

    Raises OSError and subprocess.TimeoutExpired where it does not answer.
    """
    done = subprocess.run(
        [str(program), "-I", "-S", "-c", _PROBE],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=_PROBE_SECONDS,
        env=uv_program.clean_environment(os.environ),
        cwd=program.parent,  # a .python-version file of the project must not lead a shim astray
        check=False,
    )
    try:
        facts = json.loads(done.stdout) if done.returncode == 0 else {}
    except ValueError:
        return None
    if facts.get("implementation") != "CPython" or not f"{facts['version']}.".startswith(f"{version}."):
        return None
    return Interpreter(facts["version"], facts["machine"], facts["program"], facts["prefix"])
