"""What a job in the sandbox can see, reach and harm: nothing but what it declared."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_pipeline.errors import ExecutorUnavailable
from jupyter_pipeline.executors import sandbox
from jupyter_pipeline.models import Ending, Level, OutputPattern, Runtime
from jupyter_pipeline.outputs.staging import link_inputs
from tests.helpers.fakes import PYTHON, Bench, Machine, log, machines
from tests.helpers.places import REPOSITORY
from tests.helpers.support import require

machine = machines("sandbox")


@pytest.fixture
def bench(machine: Machine, tmp_path: Path) -> Iterator[Bench]:
    yield from machine.bench(tmp_path)


def says(bench: Bench, text: str) -> str:
    """What a shell script prints in the sandbox."""
    task = bench.shell(text)
    bench.run(task)
    return log(task)


def python_says(bench: Bench, text: str) -> str:
    task = bench.python(text)
    bench.run(task)
    return log(task)


# -- network ---------------------------------------------------------------------------------------


def test_there_is_no_way_to_the_network_not_even_to_this_machine(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        text = (
            "import socket\n"
            f"for address in (('127.0.0.1', {port}), ('1.1.1.1', 53), ('::1', {port})):\n"
            "    try:\n"
            "        socket.create_connection(address, timeout=5); print('CONNECTED', address)\n"
            "    except OSError as error: print('refused')\n"
        )
        assert python_says(bench, text) == "refused\n" * 3
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_only_interface_is_the_loopback(bench: Bench) -> None:
    lines = says(bench, "tail -n +3 /proc/net/dev").splitlines()
    assert [line.split(":")[0].strip() for line in lines] == ["lo"]


def test_no_name_is_resolved(bench: Bench) -> None:
    text = "import socket\ntry: print(socket.getaddrinfo('example.com', 80))\nexcept OSError: print('no')"
    assert python_says(bench, text) == "no\n"


def test_sockets_without_a_name_in_the_file_system_are_not_reached_either(bench: Bench) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        name = f"\0jupyter-pipeline-test-{os.getpid()}"
        server.bind(name)
        server.listen()
        text = (
            f"import socket\ntry: socket.socket(socket.AF_UNIX).connect({name!r}); print('CONNECTED')\n"
            "except OSError: print('no')"
        )
        assert python_says(bench, text) == "no\n"


def test_programs_of_one_job_may_talk_to_each_other(bench: Bench) -> None:
    """As a notebook and its kernel do."""
    text = (
        "import socket, threading\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "def answer():\n"
        "    connection, _ = server.accept(); connection.sendall(connection.recv(9)[::-1])\n"
        "threading.Thread(target=answer).start()\n"
        "client = socket.create_connection(server.getsockname()); client.sendall(b'abc'); print(client.recv(9))\n"
    )
    assert python_says(bench, text) == "b'cba'\n"


# -- files -----------------------------------------------------------------------------------------


def test_only_the_code_and_the_declared_inputs_are_there(bench: Bench) -> None:
    task = bench.shell("find . -mindepth 1 | sort; pwd")
    (task.code / "analysis").mkdir()
    (task.code / "analysis" / "a.py").touch()
    (task.inputs / "output").mkdir()
    (task.inputs / "output" / "in.csv").touch()
    bench.run(task)
    assert log(task).split() == ["./analysis", "./analysis/a.py", "./output", "./output/in.csv", "/workspace"]


def test_an_input_goes_before_code_of_the_same_name(bench: Bench) -> None:
    task = bench.shell("cat a.csv")
    (task.code / "a.csv").write_text("code\n")
    (task.inputs / "a.csv").write_text("input\n")
    bench.run(task)
    assert log(task) == "input\n"


def test_nothing_of_the_host_is_there_but_its_system(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("xyzzy")
    allowed = {"usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32", "etc", "proc", "dev", "tmp", "workspace"}
    assert set(says(bench, "ls -A /").split()) <= allowed
    for place in (tmp_path, Path.home(), REPOSITORY / "tests", bench.folder, Path("/root"), Path("/home")):
        if not place.is_relative_to("/usr"):
            assert "No such file" in says(bench, f"ls -A '{place}' 2>&1 && echo FOUND; true"), place


def test_nothing_secret_of_etc_is_there(bench: Bench) -> None:
    found = set(says(bench, "find /etc -maxdepth 1 -mindepth 1").split())
    assert found
    assert not found & {
        "/etc/shadow",
        "/etc/ssh",
        "/etc/gshadow",
        "/etc/sudoers",
        "/etc/resolv.conf",
        "/etc/machine-id",
    }
    assert "No such file" in says(bench, "ls /etc/ssl/private 2>&1")


def test_the_system_is_read_only(bench: Bench) -> None:
    for place in ("/", "/usr", "/usr/bin", "/etc", "/bin", "/lib"):
        assert "CREATED" not in says(bench, f"touch {place}/x 2>&1 && echo CREATED"), place
        assert "CREATED" not in says(bench, f"mkdir {place}/x-folder 2>&1 && echo CREATED"), place
    assert "CHANGED" not in says(
        bench, "echo >> /etc/passwd && echo CHANGED; mount -o remount,rw / && echo CHANGED; true"
    )


def test_the_folder_for_temporary_files_is_the_jobs_own(bench: Bench) -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp", prefix="jupyter-pipeline-test-") as mine:
        name = Path(mine.name).name
        assert says(bench, "ls -A /tmp; echo 1 > /tmp/theirs; mktemp > /dev/null && echo made") == "made\n"
        assert not Path("/tmp/theirs").exists()
        assert name not in says(bench, "ls -A /tmp /var/tmp 2> /dev/null; true")


def test_devices_are_few(bench: Bench) -> None:
    found = set(says(bench, "ls -A /dev").split())
    allowed = "console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero".split()
    assert found <= set(allowed)


HARM = """
echo overwritten > overwritten; echo more >> appended; rm deleted; chmod 777 chmodded; mv renamed elsewhere
touch touched; : > truncated; ln -f linked another; echo more >> another; rm -r folder; mkdir folder
chmod 777 .; python3 -c 1 2> /dev/null; mv folder2 folder3 2> /dev/null; ln -sf /etc/passwd replaced
"""
NAMES = (
    "overwritten appended deleted chmodded renamed touched truncated linked replaced folder/inner folder2/inner".split()
)


def facts(folder: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for name in NAMES:
        status = (folder / name).lstat()
        times = status.st_mtime_ns, status.st_mode, status.st_ino, status.st_uid, status.st_size
        found[name] = (*times, (folder / name).read_bytes())
    return found


@pytest.mark.parametrize("layer", ["code", "inputs"])
def test_nothing_that_a_job_does_changes_the_code_or_the_inputs(bench: Bench, tmp_path: Path, layer: str) -> None:
    """The files are hard links, so that a change would be one of the project's own files."""
    originals = tmp_path / "originals"
    for name in NAMES:
        (originals / name).parent.mkdir(parents=True, exist_ok=True)
        (originals / name).write_text(f"{name}\n")
    task = bench.shell(HARM, outputs=(OutputPattern(Level.HIGHLY, "all", "*"),))
    link_inputs(task.folder / layer, {name: originals / name for name in NAMES})
    before = facts(originals)
    modes = (task.folder / layer).stat().st_mode
    result = bench.run(task)
    assert result.ending is Ending.EXIT
    assert facts(originals) == before
    assert facts(task.folder / layer) == before
    assert (task.folder / layer).stat().st_mode == modes
    written = {file.path for file in result.files}
    assert written >= {"overwritten", "appended", "chmodded", "elsewhere", "touched", "truncated", "another"}
    assert not written & {"deleted", "renamed", "folder/inner"}


def test_hard_linked_inputs_that_are_one_file_stay_whole(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1\n")
    task = bench.shell("echo 2 >> a; cat b")
    link_inputs(task.inputs, {"a": tmp_path / "one", "b": tmp_path / "one"})
    bench.run(task)
    assert (tmp_path / "one").read_text() == "1\n"
    assert (tmp_path / "one").stat().st_nlink == 3


# -- processes and rights --------------------------------------------------------------------------


def test_no_process_of_the_host_is_to_be_seen_or_signalled(bench: Bench) -> None:
    names = set(says(bench, "cat /proc/[0-9]*/comm").split())
    assert names <= {"bwrap", "sh", "cat"}
    assert int(says(bench, "ls -d /proc/[0-9]* | wc -l")) < 8
    assert "KILLED" not in says(bench, f"kill -0 {os.getpid()} 2>&1 && echo KILLED; true")


def test_a_job_has_no_rights_beyond_its_user(bench: Bench) -> None:
    status = dict(line.split(":\t", 1) for line in says(bench, "cat /proc/self/status").splitlines() if ":\t" in line)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split() == [str(os.getuid())] * 4
    assert says(bench, "id -u; hostname") == f"{os.getuid()}\nworkspace\n"


def test_a_job_has_a_session_and_a_terminal_of_its_own(bench: Bench) -> None:
    assert "OPENED" not in says(bench, "(: > /dev/tty) 2> /dev/null && echo OPENED; true")


def test_no_open_file_of_ours_is_handed_on(bench: Bench) -> None:
    """Only standard input, output and error, and the one with which the folder is listed."""
    with tempfile.TemporaryFile() as file:
        os.set_inheritable(file.fileno(), True)
        bench.executor()
        assert len(says(bench, "ls /proc/self/fd").split()) == 4


# -- what is shown from outside --------------------------------------------------------------------


def test_the_runtime_is_at_the_same_place_and_read_only(bench: Bench, tmp_path: Path) -> None:
    place = tmp_path / "my runtime" / "bin"
    place.mkdir(parents=True)
    (place / "greet").write_text('#!/bin/sh\necho hello; echo x > "$(dirname "$0")/x" 2> /dev/null || echo kept\n')
    (place / "greet").chmod(0o755)
    runtime = Runtime("greet:v1", "test", "greet", (place,), mounts=(place.parent,))
    task = bench.task("greet", runtime=runtime)
    assert bench.run(task).exit_code == 0
    assert log(task).splitlines()[0] == "hello"
    assert log(task).splitlines()[-1] == "kept"
    assert [path.name for path in place.iterdir()] == ["greet"]
    other = bench.task("-c", "1", runtime=runtime)
    bench.run(other)
    assert log(other).startswith("hello"), "its own program runs what is not a program"


def test_a_kernel_talks_to_its_notebook(bench: Bench) -> None:
    """Messages over loopback sockets between a program and the one that it started, as jupyter does."""
    text = (
        "import multiprocessing.connection as c, subprocess, sys\n"
        "with c.Listener(('127.0.0.1', 0), authkey=b'k') as listener:\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import sys, multiprocessing.connection as c; "
        'c.Client(("127.0.0.1", int(sys.argv[1])), authkey=b"k").send(6 * 7)\', str(listener.address[1])])\n'
        "    print(listener.accept().recv()); child.wait()\n"
    )
    assert python_says(bench, text) == "42\n"


# -- whether it works here -------------------------------------------------------------------------


def test_a_folder_that_takes_no_overlay_is_told_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((ExecutorUnavailable, OSError)):
        sandbox.SandboxExecutor(tmp_path / "file" / "jobs")
    reason = sandbox.probe("/nonexistent/bwrap", tmp_path)
    assert reason is not None
    assert "bwrap" in reason


def test_probing_leaves_nothing_behind(bench: Bench) -> None:
    bench.executor()
    assert list(bench.folder.iterdir()) == []


ORDINARY = """
import sys
from pathlib import Path
from jupyter_pipeline.executors import Task
from jupyter_pipeline.executors.sandbox import SandboxExecutor
from jupyter_pipeline.models import Level, Limits, OutputPattern, Phase, Runtime
folder = Path(sys.argv[1])
for name in ("code", "jobs/a/inputs"):
    (folder / name).mkdir(parents=True)
executor = SandboxExecutor(folder / "jobs")
text = "mkdir output; echo 1 > output/a.csv; id -u; grep CapEff /proc/self/status"
task = Task("a", folder / "jobs/a", ("sh", "-c", text),
            folder / "code", folder / "jobs/a/inputs", Runtime("sh:v1", "", "sh", ()), Limits(),
            (OutputPattern(Level.HIGHLY, "a", "output/a.csv"),))
executor.start(task)
while not executor.wait(60): pass
result = executor.poll(task.folder).result
print((task.folder / "log").read_text().split(), result.ending, result.exit_code, [file.path for file in result.files])
executor.cleanup(task.folder)
print(sorted(path.name for path in task.folder.iterdir()), [path.name for path in (folder / "jobs").iterdir()])
executor.close()
"""


def test_the_sandbox_works_for_an_ordinary_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The layers that the kernel makes then belong to a user who may not look into all of them."""
    packages = [str(Path(sandbox.__file__).parents[2]), *(path for path in sys.path if path.endswith("site-packages"))]
    user = 65534 if os.geteuid() == 0 else None

    def run(python: str, *args: str) -> subprocess.CompletedProcess[str]:
        environment = {"PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [python, *args], user=user, group=user, extra_groups=None if user is None else [], cwd="/",
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def works(python: str) -> bool:
        try:
            return run(python, "-c", "import psutil, jupyter_pipeline.executors.shim").returncode == 0
        except OSError:
            return False

    python = next((one for one in (sys.executable, "/usr/bin/python3") if works(one)), "")
    require(bool(python), "a Python 3.11 that an ordinary user may run")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        if user is not None:
            os.chown(name, user, user)
        done = run(python, "-c", ORDINARY, name)
    assert done.stderr == ""
    said, left = done.stdout.splitlines()
    assert said.startswith(f"['{user if user is not None else os.getuid()}', 'CapEff:', '0000000000000000'] exit 0")
    assert left == "['log', 'result.json', 'started'] ['a']"


def test_python_of_this_machine_is_what_the_tests_use(bench: Bench) -> None:
    task = bench.python("import sys; print(sys.version_info[:2])")
    bench.run(task)
    assert log(task).startswith("(3, ")
    assert PYTHON.program == "python3"
