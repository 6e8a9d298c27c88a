"""JupyterLab in a real browser, for the tests that use it as a person would."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from typing import Any

from .live import BASE, TOKEN, Live
from .places import PACKAGE
from .support import require

BUILT = PACKAGE / "labextension" / "package.json"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
DEADLINE = 60_000
"""Milliseconds."""
PANEL = ".jp-pipeline-panel"
DOCUMENT = ".jp-pipeline-document:visible"


def need_lab() -> None:
    """The built front end and what drives a browser, or the test is not run."""
    require(BUILT.exists(), "the front end: make labextension")
    require(importlib.util.find_spec("playwright") is not None, "playwright")
    require(shutil.which("chromium") is not None, "chromium")


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def browsing(browser: Any, lab: Live, folder: str, **options: Any) -> Iterator[Any]:
    """A page of JupyterLab with the panel open on the project in a folder; fails if a script of the page has failed."""
    page = browser.new_page(**{"viewport": {"width": 1500, "height": 950}, **options})
    page.set_default_timeout(DEADLINE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"http://127.0.0.1:{lab.port}{BASE}lab/tree/{folder}?token={TOKEN}&reset")
    page.get_by_role("tab", name="Pipeline").click()
    yield page
    page.close()
    assert not faults, faults
