"""A study that a server shows, with a file of each kind, and what asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .faults import step
from .live import Live
from .support import SETTINGS, make_project

SCRIPT = "<script>document.title = 'ran'</script>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><circle r='5'/></svg>"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SECRET = "blood-pressure-of-no-one"
"""A word that stands in protected files only."""


def write(name: str, text: str, level: str = "moderately_sensitive", needs: str = "") -> str:
    """The YAML of an action that prints a text into ``output/NAME``; its own name is that with _ for what is none."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in name)
    return step(plain, f"cat inputs/{plain} > output/{name}", needs, level, out=f"output/{name}")


FILES: dict[str, tuple[str, str]] = {
    "table.csv": ("name,count\n" + "".join(f"row{n:03},{n * 7 % 251}\n" for n in range(250)), "moderately_sensitive"),
    "page.html": (f"<!doctype html><title>A</title><p>Seen</p>{SCRIPT}", "moderately_sensitive"),
    "drawing.svg": (SVG, "moderately_sensitive"),
    "facts.json": ('{"n": 12, "names": ["<b>x</b>"]}', "moderately_sensitive"),
    "notes.log": ("first <i>line</i>\nlast line\n", "moderately_sensitive"),
    "notes.txt": ("a note <script>alert(1)</script>\n", "moderately_sensitive"),
    "patients.csv": (f"patient_id,sbp\n1,{SECRET}\n", "moderately_sensitive"),
    "secret.csv": (f"name,count\n{SECRET},1\n", "highly_sensitive"),
    "kept.csv": (f"name,count\n{SECRET},1\n", "minimally_sensitive"),
}
BYTES = {
    "picture.png": f"printf %s {PNG} | base64 -d > output/picture.png",
    "packed.svgz": f'echo "{SVG}" | gzip -c > output/packed.svgz',
    "broken.svgz": "echo nothing packed > output/broken.svgz",
    "broken.png": "echo no picture > output/broken.png",
}


def write_study(folder: Path, *names: str) -> Path:
    """A project whose actions write these files, by default all that are above."""
    wanted = names or (*FILES, *BYTES)
    steps = [write(name, *FILES[name]) for name in wanted if name in FILES]
    for name in wanted:
        if name in BYTES:
            plain = name.replace(".", "_")
            steps.append(step(plain, BYTES[name], out=f"output/{name}"))
    make_project(folder, "".join(steps), SETTINGS)
    (folder / "inputs").mkdir(exist_ok=True)
    for name in wanted:
        if name in FILES:
            (folder / "inputs" / name.replace(".", "_")).write_text(FILES[name][0])
    return folder


@dataclass(frozen=True)
class Study:
    """A project that a server shows."""

    server: Live
    folder: Path
    id: str

    @property
    def path(self) -> str:
        """Where its routes begin."""
        return f"projects/{self.id}"

    def get(self, route: str, /, **query: Any) -> Any:
        """What one of its routes answers."""
        return self.server.get(f"{self.path}/{route}".rstrip("/"), **query)

    def output(self, name: str) -> Any:
        """The document of an output by its file's name."""
        return next(one for one in self.get("outputs")["outputs"] if one["path"].endswith(f"/{name}"))


NewStudy = Callable[..., Study]
