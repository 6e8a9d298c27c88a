"""Container images for tests, made from this machine's own files, since none can be pulled; kept by the Engine.

A program comes with the libraries that it is linked to. An image's name bears a hash of what it is made from, so a
second run finds it there.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_pipeline.errors import ExecutorUnavailable
from jupyter_pipeline.models import Runtime
from jupyter_pipeline.runtimes import docker

from .support import require

NAMESPACE = "jupyter-pipeline-test"
SHELL = (
    "sh env cat sleep tr head yes dd mkdir mkfifo rm ls touch ln chmod id kill cp printf true false stat sort seq wc "
    "dirname basename tee sed grep tail"
).split()
LEFT_OUT = {"test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages", "dist-packages"}


def require_engine() -> None:
    """Skip where no Docker Engine answers; with JUPYTER_PIPELINE_REQUIRE=all that is a failure."""
    try:
        api().ping()
    except ExecutorUnavailable as error:
        require(False, f"a Docker Engine ({error})", left_for="docker")


@functools.cache
def api() -> Any:
    """The tests' own connection."""
    return docker.connect()


@functools.cache
def shell() -> str:
    """An image with a shell and the usual small programs; its id."""
    return _image("shell", _programs(SHELL), {"WORKDIR": "/workspace", "ENV": "PATH=/usr/bin"})


@functools.cache
def python() -> str:
    """An image with this Python, its library, and a shell; its id."""
    return _image("python", _python(), {"ENV": "PATH=/usr/local/bin:/usr/bin", "CMD": '["python3"]'})


@functools.cache
def kernel() -> str:
    """The same with ipykernel; its id."""
    files: Files = {**_python(), **_kernel()}
    variables = {"ENV": "PATH=/usr/local/bin:/usr/bin PYTHONPATH=/opt/kernel", "CMD": '["python3"]'}
    return _image("kernel", files, variables)


@functools.cache
def bare() -> str:
    """An image with one program and no shell; its id."""
    return _image("bare", _programs(["cp", "sleep"]), {"CMD": '["cp"]', "ENV": "PATH=/usr/bin"})


def environment(folder: Path) -> str:
    """An image of a runtime that was built on this machine, with its interpreter, at the same places; its id."""
    program = (folder / "bin" / "python").resolve()
    home = program.parent.parent
    library = home / "lib" / program.name
    files: dict[str, Path] = {str(program): program}
    for root in (folder, library):
        for place, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in ("test", "tests", "include", "share")]
            files |= {f"{place}/{name}": Path(place, name).resolve() for name in names if not name.endswith(".a")}
    binaries = [program, *(path for path in files.values() if ".so" in path.name)]
    system = {place: path for place, path in _libraries(binaries).items() if ".." not in place}
    settings = {"ENV": f"PATH={folder}/bin:/usr/bin", "CMD": '["python"]', "WORKDIR": "/workspace"}
    return _image("environment", {**_programs(SHELL), **files, **system}, settings)


def with_entrypoint(script: str, **settings: str) -> str:
    """The shell's image with an entry point of its own; its id."""
    files: Files = {**_programs(SHELL), "/entrypoint.sh": script.encode()}
    return _image("entry", files, {"ENTRYPOINT": '["/entrypoint.sh"]', "ENV": "PATH=/usr/bin", **settings})


def in_image(runtime: Runtime) -> Runtime:
    """The image that has what a runtime of this machine has for tests."""
    if runtime.image:
        return runtime
    image = python() if runtime.program.startswith("python") else shell()
    return replace(runtime, image=image, path=(), mounts=())


def tag(image: str, name: str) -> str:
    """Give an image a name, as a pull would; the name."""
    repository, _, version = f"{NAMESPACE}/{name}".rpartition(":")
    api().tag(image, repository, version)
    return f"{repository}:{version}"


def remove_containers(jobs: Path) -> None:
    """Leave no container behind of the jobs in a folder."""
    for container in docker.containers_of(api(), jobs).values():
        docker.remove(api(), container["Id"])


def copy_to(host: str, image: str) -> None:
    """Give an image to another Engine."""
    with contextlib.closing(docker.connect(host)) as other:
        other.load_image(b"".join(api().get_image(image)))


# -- making them -----------------------------------------------------------------------------------

Files = Mapping[str, Path | bytes]


def _image(name: str, files: Files, settings: Mapping[str, str]) -> str:
    stamps = [(path, _stamp(source)) for path, source in sorted(files.items())]
    key = hashlib.sha256(repr((2, stamps, sorted(settings.items()))).encode()).hexdigest()[:16]
    reference = f"{NAMESPACE}/{name}:{key}"
    from docker.errors import ImageNotFound

    with contextlib.suppress(ImageNotFound):
        return str(api().inspect_image(reference)["Id"])
    changes = [f"{word} {value}" for word, value in settings.items()]
    with tempfile.NamedTemporaryFile() as file:
        _write_tar(files, file.name)
        api().import_image_from_file(file.name, repository=f"{NAMESPACE}/{name}", tag=key, changes=changes)
    return str(api().inspect_image(reference)["Id"])


def _stamp(source: Path | bytes) -> object:
    if isinstance(source, bytes):
        return source
    return source.stat().st_size, source.stat().st_mtime_ns


def _write_tar(files: Files, target: str) -> None:
    with tarfile.open(target, mode="w") as tar:
        for folder in ("usr/bin", "usr/lib", "tmp", "etc", "workspace"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        for name in ("bin", "sbin", "lib", "lib64"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "usr/bin" if "bin" in name else f"usr/{name}"
            tar.addfile(entry)
        for path, source in files.items():
            data = source if isinstance(source, bytes) else source.read_bytes()
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), 0o755
            # Or Python would find its compiled files outdated, and compile all anew in every container.
            entry.mtime = 0 if isinstance(source, bytes) else int(source.stat().st_mtime)
            tar.addfile(entry, io.BytesIO(data))


def _programs(names: Iterable[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name in names:
        program = shutil.which(name)
        require(program is not None, f"the program {name}, for an image")
        assert program is not None
        found[f"/usr/bin/{name}"] = Path(program).resolve()
    return found | _libraries(found.values())


def _libraries(binaries: Iterable[Path]) -> dict[str, Path]:
    """The shared libraries of some programs, by their places in the image."""
    said = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout
    found = {}
    for path in set(re.findall(r"(/\S+) \(0x", said)):
        place = path if path.startswith("/usr/") else f"/usr{path}" if path.startswith("/lib") else path
        found[place] = Path(path).resolve()
    return found


def _python() -> dict[str, Path]:
    """The interpreter that runs the tests, at the same place, with its library."""
    program = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}").resolve()
    library = Path(sysconfig.get_paths(vars={"base": sys.base_prefix})["stdlib"])
    found = {str(file): file for file in _walk(library)} | {str(program): program, "/usr/local/bin/python3": program}
    return {**_programs(SHELL), **found, **_libraries([program, *library.glob("lib-dynload/*.so")])}


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith("config-")]
        yield from (Path(place, name) for name in files if not name.endswith((".a", ".exe")))


def _kernel() -> dict[str, Path]:
    """ipykernel and all that it needs."""
    found: dict[str, Path] = {}
    for distribution in _closure(["ipykernel"]):
        for file in distribution.files or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file():
                found[f"/opt/kernel/{file}"] = path
    # Libraries that a package brings itself are among its files.
    needed = _libraries(path for path in found.values() if ".so" in path.name)
    return found | {place: path for place, path in needed.items() if place.startswith("/usr/lib")}


def _closure(names: Sequence[str]) -> list[importlib.metadata.Distribution]:
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.split(r"[\s\[<>=!~;(]", waiting.pop())[0]
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found or key == "debugpy":
            continue
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[key] = importlib.metadata.distribution(name)
            waiting += [one for one in found[key].requires or () if "extra ==" not in one]
    return list(found.values())
