"""The commands on a terminal: the live table, the question on Ctrl-C, colours and harmless logs."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import action, cli, make_project
from tests.helpers.terminal import Terminal

QUESTION = r"c\) cancel the jobs   d\) detach: leave them running   k\) keep waiting"


def shown(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("show", "--json", cwd=folder).stdout)["request"]
    return found


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Path]:
    """A quick job, one that fails, and one that does not end by itself."""
    actions = (
        action("quick", "mkdir -p output; echo a > output/quick.csv")
        + action("fails", "echo oops; exit 3", needs="quick")
        + action("endless", "echo begun; sleep 300; mkdir -p output; echo a > output/endless.csv", needs="quick")
    )
    folder = make_project(tmp_path / "study", actions)
    yield folder
    cli("cancel", cwd=folder)


def test_a_live_table_gives_way_to_the_summary(tmp_path: Path) -> None:
    actions = action("one", "sleep 1; mkdir -p output; echo a > output/one.csv")
    folder = make_project(tmp_path, actions + action("two", "cp output/one.csv output/two.csv", needs="one"))
    with Terminal("run", cwd=folder) as terminal:
        terminal.wait_for(r"0 of 2 done")
        text = terminal.wait_for(r"▶ one +running")
        assert "· two" in text
        assert terminal.end() == 0
        assert "✓ two  succeeded" in terminal.text
        assert "✓ Job request 1 succeeded" in terminal.text
        assert "\x1b[32m" in terminal.raw
        assert "\x1b[?25h" in terminal.raw  # the cursor is back


def test_the_table_shows_failures_while_others_run(slow: Path) -> None:
    with Terminal("run", cwd=slow, columns=70) as terminal:
        terminal.wait_for(r"2 of 3 done, 1 failed")
        terminal.wait_for(r"✗ fails +failed .*exit code 3")
        assert max(len(line) for line in re.split(r"[\r\n]", terminal.text)) <= 70


def test_ctrl_c_asks_and_cancels(slow: Path) -> None:
    with Terminal("run", cwd=slow) as terminal:
        terminal.wait_for(r"2 of 3 done")
        terminal.send("\x03")
        terminal.wait_for(QUESTION)
        terminal.send("c\n")
        assert terminal.end() == 4
        assert "Cancelling 1 job" in terminal.text
        assert "■ endless  cancelled" in terminal.text
    assert shown(slow)["jobs"][2]["code"] == "cancelled_by_user"


def test_ctrl_c_asks_and_detaches(slow: Path) -> None:
    with Terminal("run", cwd=slow) as terminal:
        terminal.wait_for(r"2 of 3 done")
        terminal.send("\x03")
        terminal.wait_for(QUESTION)
        terminal.send("d\n")
        assert terminal.end() == 130
        assert "the jobs go on by themselves" in terminal.text
    assert shown(slow)["status"] == "running"
    assert json.loads(cli("status", "--json", cwd=slow).stdout)["requests"][0]["done"] == 2


def test_ctrl_c_asks_and_keeps_waiting_and_twice_cancels(slow: Path) -> None:
    with Terminal("run", cwd=slow) as terminal:
        terminal.wait_for(r"2 of 3 done")
        terminal.send("\x03")
        terminal.wait_for(QUESTION)
        terminal.send("what\n")
        terminal.wait_for(rf"{QUESTION}[^\n]*\n(.|\n)*{QUESTION}")
        terminal.send("\n")
        terminal.wait_for(rf"{QUESTION}[^\n]*\n(.|\n)*2 of 3 done")
        terminal.send("\x03")
        terminal.wait_for(rf"2 of 3 done(.|\n)*{QUESTION}(.|\n)*2 of 3 done(.|\n)*{QUESTION}")
        terminal.send("\x03")
        assert terminal.end() == 4


@pytest.mark.parametrize(("policy", "code", "status"), [("cancel", 4, "failed"), ("detach", 130, "running")])
def test_ctrl_c_does_as_it_was_told_before(slow: Path, policy: str, code: int, status: str) -> None:
    with Terminal("run", "--on-interrupt", policy, cwd=slow) as terminal:
        terminal.wait_for(r"2 of 3 done")
        terminal.send("\x03")
        assert terminal.end() == code
        assert "keep waiting  [k]" not in terminal.text
    assert shown(slow)["status"] == status


def test_a_terminal_that_closes_leaves_the_jobs_running(slow: Path) -> None:
    with Terminal("run", cwd=slow) as terminal:
        terminal.wait_for(r"2 of 3 done")
        os.kill(terminal.process.pid, signal.SIGHUP)
        assert terminal.end() == 129
    assert shown(slow)["status"] == "running"


def test_ctrl_c_ends_following_a_log_and_not_the_job(slow: Path) -> None:
    cli("run", "--detach", cwd=slow)
    with Terminal("logs", "-f", "endless", cwd=slow) as terminal:
        terminal.wait_for("begun")
        terminal.send("\x03")
        assert terminal.end() == 0
    assert shown(slow)["status"] == "running"


def test_logs_are_harmless_on_a_terminal(tmp_path: Path) -> None:
    script = r'mkdir -p output; printf "\033[31mred\033[0m\033]0;title\007\n"; echo > output/one.csv'
    folder = make_project(tmp_path, action("one", script))
    cli("run", cwd=folder)
    with Terminal("logs", "one", cwd=folder) as terminal:
        assert terminal.end() == 0
        assert "\x1b[31mred\x1b[0m\\x1b]0;title\\x07" in terminal.raw
        assert "\x1b]" not in terminal.raw


def test_the_pipeline_is_highlighted_on_a_terminal(tmp_path: Path) -> None:
    folder = make_project(tmp_path, action("one", "mkdir -p output; echo a > output/one.csv"))
    cli("run", cwd=folder)
    with Terminal("show", cwd=folder) as terminal:
        assert terminal.end() == 0
        assert "actions" in terminal.text
        assert "\x1b[94" in terminal.raw or "\x1b[34" in terminal.raw
    with Terminal("show", cwd=folder, NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        assert "\x1b" not in terminal.raw


def test_clean_asks(tmp_path: Path) -> None:
    folder = make_project(tmp_path, action("bad", "echo left > left.txt; exit 1"))
    cli("run", cwd=folder)
    for answer, expected in (("n", "Nothing was removed."), ("y", "are free again.")):
        with Terminal("clean", cwd=folder) as terminal:
            terminal.wait_for(r"\[y/N\]")
            terminal.send(f"{answer}\n")
            assert terminal.end() == 0
            assert expected in terminal.text
