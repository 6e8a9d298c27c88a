"""Mounts: what is shown at a second place is found there, from the moment on at which it is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_pipeline.protection.mounts import Mounts
from tests.helpers.protected_study import HIGHLY, make_study
from tests.helpers.support import require

TABLE = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/a rw
22 21 0:5 / /proc rw - proc proc rw
23 21 8:1 /srv/studies/one /home/ada/one rw - ext4 /dev/a rw
24 21 8:1 /srv/a\040file.csv /home/ada/file.csv rw - ext4 /dev/a rw
25 21 8:2 /vol /data rw - ext4 /dev/b rw
26 21 8:2 /vol/sub /more rw - ext4 /dev/b rw
27 21 8:2 /elsewhere /most rw - ext4 /dev/b rw
"""


@pytest.mark.parametrize(
    ("path", "others"),
    {
        "/srv/studies/one/output/a.csv": ["/home/ada/one/output/a.csv"],
        "/srv/studies/one": ["/home/ada/one"],
        "/srv/studies/oneself": [],
        "/home/ada/one/output/a.csv": ["/srv/studies/one/output/a.csv"],
        "/home/ada/file.csv": ["/srv/a file.csv"],
        "/srv/a file.csv": ["/home/ada/file.csv"],
        "/data/sub/x": ["/more/x"],
        "/more/x": ["/data/sub/x"],
        "/data/x": [],
        "/most/x": [],
        "/proc/x": [],
        "/": [],
    }.items(),
)
def test_where_else_a_file_is_shown(tmp_path: Path, path: str, others: list[str]) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert Mounts(str(table)).others(path) == others


def test_a_machine_without_such_a_table(tmp_path: Path) -> None:
    assert Mounts(str(tmp_path / "none")).others("/srv/x") == []


SCRIPT = """
import json, subprocess, sys
from pathlib import Path
from jupyter_pipeline.protection import Protection

study = Path(sys.argv[1])
guard = Protection(study)
told = []

def ask(path):
    told.append(guard.reason(path))

def mount(what, where):
    subprocess.run(["mount", "--bind", what, where], check=True)

(study / "free/new").mkdir()
ask(study / "free/new/patients.csv")
mount(study / "output", study / "free/new")
ask(study / "free/new/patients.csv")
ask(study / "free/new/table.csv")
ask(study / "free/new/patients_not_yet.csv")
(study / "output/patients_2.csv").write_text("mine")
ask(study / "free/note.txt")
mount(study / "output/patients_2.csv", study / "free/note.txt")
ask(study / "free/note.txt")
elsewhere = study.parent / "elsewhere"
elsewhere.mkdir()
(elsewhere / "patients.csv").write_text("mine")
ask(elsewhere / "patients.csv")
mount(elsewhere, study / "output")
ask(elsewhere / "patients.csv")
subprocess.run(["umount", study / "free/note.txt"], check=True)
ask(study / "free/note.txt")
print(json.dumps(told))
"""


def test_what_was_mounted_just_now(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    private = [str(unshare), "--user", "--map-root-user", "--mount", "--propagation", "private"]
    works = unshare is not None and subprocess.run([*private, "true"], capture_output=True, check=False).returncode == 0
    require(works, "user namespaces and unshare")
    study = make_study(tmp_path / "study")
    (study / "hard.csv").unlink()
    done = subprocess.run(
        [*private, sys.executable, "-c", SCRIPT, str(study)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    before, folder, free, not_yet, note, mounted, other, over, after = json.loads(done.stdout)
    assert (before, free, note, other, after) == (None, None, None, None, None)
    assert (folder, not_yet, mounted, over) == (HIGHLY, HIGHLY, HIGHLY, HIGHLY)
