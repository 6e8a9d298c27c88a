"""HTML to PDF by a Chromium or Chrome that is installed, which is given nothing but the page, and no network.

Our own pages run no script, as their policy says; with scripts switched off altogether, Chromium does not print.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from .. import person
from ..errors import ReportFailed

_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "brave-browser",
)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_ROOM = len("/.org.chromium.Chromium.123456/SingletonSocket")
"""Bytes of the path of the browser's socket below its folder."""
_PATIENCE = 180.0
"""Seconds; a page of thousand pictures takes some twenty."""


def pdf(page: str) -> bytes:
    """An HTML page as PDF. Raises ReportFailed: no browser here, or it did not do it."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise ReportFailed(
            "There is no Chromium or Chrome here, which makes the PDF.",
            "Install one, or print the HTML report from a browser.",
        )
    folder = Path(person.short_folder("report-", _ROOM))
    try:
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        profile = f"--user-data-dir={folder / 'profile'}"
        words = _run([browser, *_FLAGS, profile, f"--print-to-pdf={target}", source.as_uri()], folder)
        content = target.read_bytes() if target.is_file() else b""
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not content.startswith(b"%PDF"):
        last = " ".join(words.split())[-300:]
        raise ReportFailed(f"{Path(browser).name} did not make the PDF: {last or 'it said nothing'}", _PRINT)
    return content


_PRINT = "Print the HTML report from a browser instead."


def _run(command: list[str], home: Path) -> str:
    """What the browser said. It sees its own folder as its home."""
    environment = {"HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    try:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ReportFailed(f"{Path(command[0]).name} cannot be started: {error.strerror}.", _PRINT) from error
    with process:
        try:
            return process.communicate(timeout=_PATIENCE)[1].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with all that it started
            words = f"{Path(command[0]).name} took longer than {_PATIENCE:.0f} s for the PDF."
            raise ReportFailed(words, _PRINT) from None
