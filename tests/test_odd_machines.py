"""The program on machines that are not ours: a number for a user, no home, odd folders, closed streams, any locale.

Each test runs the real program as a process of its own. Where the tests are run by root, that process belongs to a
user whom the system does not know; elsewhere it is the person's own.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.places import REPOSITORY
from tests.helpers.support import make_project, notebook, require, require_root

IS_ROOT = os.geteuid() == 0
NUMBER, ANOTHER = 12345, 12346
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
ACTIONS = """
one:
  run: "sh:v1 sh -c 'id -u; id -un; echo ünï; echo x,y > output/one.csv'"
  outputs:
    moderately_sensitive:
      out: output/one.csv
two:
  run: sh:v1 sh two.sh
  needs: [one]
  outputs:
    highly_sensitive:
      out: output/two.csv
"""
SCRIPT = "cat output/one.csv > output/two.csv\n"
EACH = """
import io, json, sys
from jupyter_pipeline.cli import main
told = []
for words in json.loads(sys.argv[1]):
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code = main(words)
    told.append([words, code, *(stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr))])
sys.__stdout__.write(json.dumps(told))
"""
"""Several commands in one process, since starting it takes longer than most of them."""
SYSTEM = '[runtimes."{name}"]\nkind = "system"\nprogram = "{program}"\n'


@dataclass(frozen=True)
class Someone:
    """Who runs the program, with an interpreter that they may run."""

    python: Path
    uid: int

    def run(
        self, *arguments: str | bytes, program: tuple[str, ...] = ("-m", "jupyter_pipeline.cli"), cwd: Path | bytes,
        umask: int = -1, before: tuple[str, ...] = (), **more: Any,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """Run ``jupyter-pipeline`` in an environment of nothing but a path and what is given.

        Whoever has a home has a name too.
        """
        other: dict[str, Any] = {"user": self.uid, "group": 0, "extra_groups": []} if IS_ROOT and not before else {}
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [*before, self.python, *program, *arguments],
            cwd=cwd,
            env={**ENVIRONMENT, **({"LOGNAME": "ann"} if "HOME" in more else {}), **more},
            umask=umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=120,
            check=False,
            **other,
        )
        return done

    def does(self, *arguments: str | bytes, cwd: Path | bytes, **more: Any) -> str:
        """What the program prints on standard output, which must be all that it says, and a success."""
        done = self.run(*arguments, cwd=cwd, **more)
        assert (done.returncode, done.stderr) == (0, ""), (arguments, done.stdout, done.stderr)
        return done.stdout

    def does_each(self, *commands: str, cwd: Path | bytes, **more: Any) -> list[str]:
        """What each of several commands prints, as `does`."""
        words = json.dumps([command.split() for command in commands])
        done = self.run(words, program=("-c", EACH), cwd=cwd, **more)
        assert (done.returncode, done.stderr) == (0, ""), (commands, done.stdout, done.stderr)
        told = json.loads(done.stdout)
        for command, code, out, err in told:
            assert (code, err) == (0, ""), (command, out, err)
        return [out for _, _, out, _ in told]

    def refuses(self, *arguments: str | bytes, cwd: Path | bytes, **more: Any) -> str:
        """What it says on standard error when it does not do it; on one line, and no traceback."""
        done = self.run(*arguments, cwd=cwd, **more)
        assert done.returncode in (2, 3), (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    def owns(self, *places: Path | bytes) -> None:
        """Make them theirs."""
        if IS_ROOT:
            for place in places:
                subprocess.run(["chown", "-hR", f"{self.uid}:0", place], check=True)


@pytest.fixture(scope="module")
def interpreter() -> Iterator[Path]:
    """An interpreter that anybody may run, with the libraries of this one."""
    candidates = (os.path.realpath(sys.executable), "/usr/bin/python3")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    libraries = [str(REPOSITORY), *(path for path in sys.path if path.endswith("site-packages"))]
    with tempfile.TemporaryDirectory(prefix="jp-odd-", dir="/tmp") as name:
        place = Path(name)
        place.chmod(0o755)
        site = place / "lib" / f"python{version}" / "site-packages"
        site.mkdir(parents=True)
        (site / "here.pth").write_text("".join(f"{path}\n" for path in libraries))
        (place / "share").symlink_to(Path(sys.prefix) / "share")
        program = place / "bin" / "python3"
        program.parent.mkdir()
        for candidate in candidates:
            (place / "pyvenv.cfg").write_text(f"home = {os.path.dirname(candidate)}\nversion = {version}\n")
            program.unlink(missing_ok=True)
            program.symlink_to(candidate)
            if _works(program, version):
                yield program
                return
        require(False, f"a Python {version} and libraries that an ordinary user may read")


def _works(program: Path, version: str) -> bool:
    """Whether the person can run it with our libraries."""
    check = f"import sys, zmq, psutil, jupyter_pipeline.cli; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    other: dict[str, Any] = {"user": NUMBER, "group": 0, "extra_groups": []} if IS_ROOT else {}
    try:
        return subprocess.run([program, "-c", check], capture_output=True, check=False, **other).returncode == 0
    except OSError:
        return False


@pytest.fixture
def someone(interpreter: Path) -> Someone:
    return Someone(interpreter, NUMBER if IS_ROOT else os.geteuid())


@pytest.fixture
def stranger(someone: Someone) -> Someone:
    """Someone whom the system does not know."""
    require_root("to be a user without a name")
    with contextlib.suppress(KeyError):
        pytest.skip(f"here {NUMBER} is {pwd.getpwuid(NUMBER).pw_name}")
    shutil.rmtree(f"/tmp/jupyter-pipeline-{NUMBER}", ignore_errors=True)
    return someone


@pytest.fixture
def place(someone: Someone) -> Iterator[Path]:
    """A folder of theirs, with a home in it."""
    with tempfile.TemporaryDirectory(prefix="jp-odd-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "home").mkdir()
        someone.owns(folder)
        folder.chmod(0o755)
        yield folder


def study(someone: Someone, folder: Path | bytes, actions: str = ACTIONS, settings: str = "") -> Path:
    """A project of theirs in a folder, whatever it is called."""
    path = Path(os.fsdecode(folder))
    make_project(path, actions, SYSTEM.format(name="sh:v1", program="sh") + settings)
    (path / "two.sh").write_text(SCRIPT)
    someone.owns(path)
    return path


def checks(document: str) -> dict[str, dict[str, str]]:
    """What doctor says, by the name of the check."""
    return {check["name"]: check for check in json.loads(document)["checks"]}


# -- who runs it -----------------------------------------------------------------------------------


def test_a_number_without_a_name_or_a_home(stranger: Someone, place: Path) -> None:
    project = study(stranger, place / "study")
    stranger.does("run", cwd=project)
    *_, status, shown, log, doctor = stranger.does_each(
        "check",
        "plan",
        "outputs",
        "kernels",
        "requests",
        "status --json",
        "show 1",
        "logs one",
        "doctor --json",
        cwd=project,
    )
    assert f"Requested by            uid {NUMBER}" in shown
    assert log.split()[0] == str(NUMBER)
    if json.loads(status)["executor"] == "sandbox":
        assert log.split()[1] == f"user{NUMBER}"
    private = Path(f"/tmp/jupyter-pipeline-{NUMBER}")
    assert (stat.S_IMODE(private.stat().st_mode), private.stat().st_uid) == (0o700, NUMBER)
    user = checks(doctor)["user"]
    assert user["state"] == "note"
    assert f"You are uid {NUMBER}, and have no home folder" in user["message"]
    assert "JUPYTER_PIPELINE_CACHE" in user["cure"]
    assert "no home folder" in stranger.refuses("kernels", "install", "sh:v1", cwd=project)


def test_a_notebook_and_its_report_without_a_home(stranger: Someone, place: Path) -> None:
    actions = """
    book:
      run: py:v1 jupyter nbconvert --to html --execute book.ipynb --output-dir output --output book
      outputs:
        moderately_sensitive:
          page: output/book.html
    """
    project = study(stranger, place / "study", actions, SYSTEM.format(name="py:v1", program=stranger.python))
    (project / "book.ipynb").write_text(json.dumps(notebook("import pathlib; print('home', pathlib.Path.home())")))
    stranger.does_each("run --executor process", "report book.ipynb", cwd=project)
    assert "home /tmp/" in (project / "output/book.html").read_text()


@pytest.mark.parametrize("home", ["/", "", "{closed}/home"])
def test_a_home_that_is_of_no_use(someone: Someone, place: Path, home: str) -> None:
    """Built runtimes, and what uv keeps, go where a person's own temporary files go, and nowhere else."""
    require(IS_ROOT or home != "", "root, to be a user of whom the system knows no home", left_for="root")
    built = '[runtimes."py:v1"]\nkind = "python"\npython = "3.11"\n'
    project = study(someone, place / "study", settings=built)
    temporary = place / "tmp"
    temporary.mkdir()
    someone.owns(temporary)
    closed = place / "closed"  # to the person, as the home of root is
    closed.mkdir(mode=0o700 if IS_ROOT else 0)
    paths = {"HOME": home.format(closed=closed), "PATH": f"{closed}:{ENVIRONMENT['PATH']}", "TMPDIR": str(temporary)}
    someone.does("runtimes", "build", "py:v1", cwd=project, **paths)
    assert [path.name for path in temporary.iterdir()] == [f"jupyter-pipeline-{someone.uid}"]
    cache = temporary / f"jupyter-pipeline-{someone.uid}" / "cache"
    assert {"runtimes", "uv"} <= {path.name for path in cache.iterdir()}
    assert {path.name for path in project.iterdir()} == {"project.yaml", "jupyter_pipeline.toml", "two.sh"}


def test_a_temporary_folder_that_somebody_else_has_made_first(stranger: Someone, place: Path) -> None:
    project = study(stranger, place / "study")
    (place / "tmp").mkdir()
    (place / "tmp").chmod(0o1777)
    (place / "tmp" / f"jupyter-pipeline-{NUMBER}").mkdir(mode=0o777)
    said = stranger.refuses("plan", cwd=project, TMPDIR=str(place / "tmp"))
    assert "is not this user's own private folder. Set JUPYTER_PIPELINE_CACHE" in said
    stranger.does("plan", cwd=project, TMPDIR=str(place / "tmp"), JUPYTER_PIPELINE_CACHE=str(place / "cache"))


def test_a_home_that_may_only_be_read_with_folders_elsewhere(someone: Someone, place: Path) -> None:
    project = study(someone, place / "study")
    (place / "home").chmod(0o555)
    if IS_ROOT:
        os.chown(place / "home", 0, 0)
    kinds = ("CACHE_HOME", "DATA_HOME", "STATE_HOME", "CONFIG_HOME", "RUNTIME_DIR")
    folders = {f"XDG_{kind}": str(place / kind) for kind in kinds} | {"HOME": str(place / "home")}
    _, _, doctor = someone.does_each("run", "kernels install sh:v1", "doctor --json", cwd=project, **folders)
    assert f"{place}/CACHE_HOME/jupyter_pipeline" in checks(doctor)["folders"]["message"]
    assert not IS_ROOT or "may not write to your home" in checks(doctor)["user"]["message"]
    assert (place / "DATA_HOME/jupyter/kernels").is_dir()


def test_folders_of_another_user(someone: Someone, place: Path) -> None:
    """A volume that was used under another number, as by the container before this one."""
    require_root("to be two users")
    project = study(someone, place / "study")
    home: dict[str, Any] = {"HOME": str(place / "home")}
    someone.does("run", cwd=project, **home)
    other = Someone(someone.python, ANOTHER)
    assert "have a state folder of your own" in other.refuses("run", "--force", cwd=project, **home)
    own = place / "own"
    own.mkdir()
    other.owns(own, project / "output", project / "metadata")
    other.does("run", cwd=project, JUPYTER_PIPELINE_STATE=str(own), **home)
    assert "succeeded" in someone.does("status", cwd=project, **home)


def test_a_repository_of_another_user_for_one_without_a_home(stranger: Someone, place: Path) -> None:
    require(shutil.which("git") is not None, "git")
    project = study(stranger, place / "o'study")
    subprocess.run(["git", "init", "--quiet", project], check=True)
    subprocess.run(["chown", "-R", "0:0", project / ".git", project], check=True)
    said = stranger.refuses("plan", cwd=project)
    assert "belongs to another user" in said
    variables = dict(word.split("=", 1) for word in shlex.split(said.partition(": ")[2]))
    assert variables["GIT_CONFIG_VALUE_0"] == str(project)
    stranger.does("plan", cwd=project, **variables)


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o000])
def test_what_others_may_do_with_our_files(someone: Someone, place: Path, umask: int) -> None:
    project = study(someone, place / "study")
    (project / "two.sh").chmod(0o600)
    home: dict[str, Any] = {"HOME": str(place / "home")}
    someone.does_each("plan", "run", cwd=project, umask=umask, **home)  # a plan keeps something beside the code
    state = project / ".jupyter_pipeline"
    assert stat.S_IMODE((state / "code").stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "expectations").stat().st_mode) == (0o755 if umask == 0o022 else 0o700)
    assert stat.S_IMODE((project / "output/two.csv").stat().st_mode) == 0o666 & ~umask


# -- where it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"st\xffudy", b"-s t'u\"\n,:d=\\%20y$(x)*"])
def test_a_project_in_a_folder_of_an_odd_name(someone: Someone, place: Path, name: bytes) -> None:
    folder = os.fsencode(place) + b"/" + name
    project = study(someone, folder)
    home: dict[str, Any] = {"HOME": str(place / "home")}
    someone.does("run", cwd=folder, **home)
    told = someone.does_each(
        "check", "plan", "status", "show 1", "outputs", "plan --json", "show --json", "status --json",
        cwd=folder, **home,
    )  # fmt: skip
    assert json.loads(told[-2])["request"]["status"] == "succeeded"
    assert "ünï" in someone.does("logs", "one", "--project", folder, cwd=b"/", **home)
    assert (project / "output/two.csv").read_text() == "x,y\n"


@pytest.mark.parametrize("name", [b"st\xff,a:te'\n", b"n" * 250])
def test_a_state_folder_of_an_odd_name(someone: Someone, place: Path, name: bytes) -> None:
    folder = os.fsencode(place) + b"/" + name
    study(someone, folder)
    someone.does("run", cwd=folder, HOME=str(place / "home"), JUPYTER_PIPELINE_STATE=place / "home" / os.fsdecode(name))


def test_names_in_git_and_in_the_code_that_are_no_text(someone: Someone, place: Path) -> None:
    require(shutil.which("git") is not None, "git")
    project = study(someone, place / "study")
    home: dict[str, Any] = {"HOME": str(place / "home")}
    odd = os.fsencode(project) + b"/caf\xe9.txt"
    for text in ("1", "2"):
        Path(os.fsdecode(odd)).write_text(text)
        someone.owns(odd)
        if text == "1":
            subprocess.run(["git", "init", "--quiet", project], check=True)
            (project / ".git/HEAD").write_bytes(b"ref: refs/heads/caf\xe9\n")
            someone.owns(project)
        someone.does("run", cwd=project, **home)
    assert "caf\\xe9" in someone.does("show", cwd=project, **home)
    assert "There is no job" in someone.refuses("logs", b"\xff", cwd=project, **home)


@pytest.mark.parametrize("name", ["a b,c:d=\\ü", "absent"])
def test_an_odd_folder_for_temporary_files(someone: Someone, place: Path, name: str) -> None:
    project = study(someone, place / "study")
    if name != "absent":
        (place / name).mkdir()
        someone.owns(place / name)
    someone.does("run", cwd=project, TMPDIR=str(place / name), HOME="/")


def test_a_path_that_is_too_long_for_the_history(someone: Someone, place: Path) -> None:
    project = study(someone, place / ("d" * 200) / ("e" * 250) / "study")
    home: dict[str, Any] = {"HOME": str(place / "home")}
    said = someone.refuses("run", cwd=project, **home)
    assert "its path is too long" in said
    assert "set JUPYTER_PIPELINE_STATE" in said
    assert checks(someone.run("doctor", "--json", cwd=project, **home).stdout)["folders"]["state"] == "missing"
    someone.does("run", cwd=project, JUPYTER_PIPELINE_STATE=str(place / "home/state"), **home)


def test_a_temporary_folder_from_which_no_program_may_run(stranger: Someone, place: Path) -> None:
    mount = 'mount -t tmpfs -o noexec,mode=1777 none "$0" && exec setpriv --reuid $1 --regid 0 --clear-groups "${@:2}"'
    temporary = place / "tmp"
    temporary.mkdir()
    before = ("unshare", "--mount", "bash", "-c", mount, str(temporary), str(NUMBER))
    tried = subprocess.run([*before, "true"], capture_output=True, check=False)
    require(tried.returncode == 0, "to be allowed to mount", left_for="root")
    project = study(stranger, place / "study", settings='[runtimes."py:v1"]\nkind = "python"\npython = "3.11"\n')
    here: dict[str, Any] = {"cwd": project, "before": before, "TMPDIR": str(temporary)}
    programs = checks(stranger.does_each("run", "doctor --json", **here)[1])["programs"]
    assert programs["state"] == "note"
    assert "noexec" in programs["message"]
    said = stranger.refuses("runtimes", "build", "py:v1", **here)
    assert "is mounted `noexec`. Set JUPYTER_PIPELINE_CACHE to a folder on another file system." in said


# -- how it is started -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "xx_XX.ISO-8859-1"}]
)
def test_any_locale(someone: Someone, place: Path, locale: dict[str, str]) -> None:
    project = study(someone, place / "study ü")
    home: dict[str, Any] = {"HOME": str(place / "home")}
    someone.does("run", cwd=project, **home, **locale)
    assert "ünï" in someone.does("logs", "one", cwd=project, **home, **locale)


def redirected(someone: Someone, redirection: str) -> tuple[str, ...]:
    """What is put before a command to start it with its streams elsewhere."""
    drop = ("setpriv", "--reuid", str(someone.uid), "--regid", "0", "--clear-groups") if IS_ROOT else ()
    return (*drop, "bash", "-c", f'"$@" {redirection}', "bash")


@pytest.mark.parametrize("redirection", ["<&- >&- 2>&-", "2>/dev/full"])
def test_streams_that_are_closed_or_full(someone: Someone, place: Path, redirection: str) -> None:
    project = study(someone, place / "study")
    home: dict[str, Any] = {"HOME": str(place / "home")}
    assert someone.run("run", cwd=project, before=redirected(someone, redirection), **home).returncode == 0
    found = json.loads(someone.does("outputs", "--json", cwd=project, **home))
    assert len(found["outputs"]) == 2  # nothing was printed into the history


def test_an_output_that_takes_nothing(someone: Someone, place: Path) -> None:
    """It is said in one sentence, and jobs that were asked for go on."""
    project = study(someone, place / "study")
    here: dict[str, Any] = {"cwd": project, "before": redirected(someone, ">/dev/full"), "HOME": str(place / "home")}
    for words in (["plan", "--json"], ["run"]):
        assert "No space left on device" in someone.refuses(*words, **here)
    someone.does("run", cwd=project, HOME=str(place / "home"))  # stays with them, whoever runs them
    found = json.loads(someone.does("requests", "--json", cwd=project, HOME=str(place / "home")))["requests"]
    assert {request["number"]: request["status"] for request in found}[1] == "succeeded"
