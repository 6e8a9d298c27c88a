"""What uv has really written, and that a person gets the line that matters and a cure, never a screenful."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.runtimes import uv_failures
from tests.helpers.runtime_makers import Builder, pip_is_told_nothing, project, tiny

FETCH = "error: Failed to fetch: https://u:pw@host:1/simple/pear/\n"
CONNECT = (
    FETCH
    + "  cause: error sending request for url (https://u:pw@host:1/simple/pear/)\n  cause: client error (Connect)\n"
)
UNSOLVED = "error: No solution found when resolving dependencies\n  cause: Because "
CONCLUSION = ", we can conclude that your requirements are unsatisfiable.\n"
OLD_BUILD = """\
  \N{MULTIPLICATION SIGN} Failed to build `numpy==1.18.1`
  ├─▶ The build backend returned an error
  ╰─▶ Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)

      [stdout]
      compiling

      [stderr]
      Traceback (most recent call last):
        File "<string>", line 488, in <module>
      NameError: name 'CCompiler' is not defined

      hint: This usually indicates a problem with the package or the build environment.
"""
FULL = """\
error: Failed to download `numpy==1.26.4`
  cause: Failed to extract archive: numpy.whl
  cause: I/O operation failed during extraction
  cause: failed to write to file `/c/a.so`: No space left on device (os error 28)
"""


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            f"{CONNECT}  cause: invalid peer certificate: UnknownIssuer\n",
            "is not trusted (Failed to fetch: https://host:1: error sending request for url (https://host:1): client",
            "SSL_CERT_FILE",
        ),
        (f"{CONNECT}  cause: tunnel error: failed to connect\n", "failed at the proxy", "HTTPS_PROXY"),
        (f"{CONNECT}  cause: Connection refused (os error 111)\n", "A download failed (", "Connect to the network"),
        (
            f"{FETCH}  cause: HTTP status client error (407 Proxy Authentication Required) for url (https://host:1/x)\n",
            "failed at the proxy",
            "name and password",
        ),
        (
            f"{FETCH}  cause: HTTP status server error (503 Service Unavailable) for url (https://host:1/x)\n",
            "The package index does not work (Failed to fetch: https://host:1: HTTP status server error (503",
            "Try again later",
        ),
        (
            f"{UNSOLVED}pear was not found in the package registry and you require pear{CONCLUSION}\n"
            "hint: An index (https://host:1/simple) returned a 403 Forbidden error.",
            "refuses us (An index (https://host:1) returned a 403 Forbidden error)",
            "netrc",
        ),
        (
            f"{UNSOLVED}pear==1 has no wheels with a matching Python ABI tag (e.g., `cp311`) and you require pear==1"
            f"{CONCLUSION}",
            "(No solution found when resolving dependencies: Because pear==1 has no wheels with a matching Python ABI "
            "tag (e.g., `cp311`) and you require pear==1).",
            "another Python",
        ),
        (
            f"{UNSOLVED}fig==8 depends on pear>=5 and you require fig==8, we can conclude that you require pear>=5.\n"
            f"         And because you require pear==4{CONCLUSION}",
            "we can conclude that you require pear>=5. And because you require pear==4).",
            "Check its name and version",
        ),
        (FULL, "The disk is full (", "UV_CACHE_DIR"),
        (
            OLD_BUILD,
            "numpy==1.18.1 has no ready-made package (wheel) for this Python here, and building it from its source "
            "failed: NameError: name 'CCompiler' is not defined.",
            "apt install build-essential python3-dev",
        ),
        ("something odd", "uv failed: something odd.", "try again"),
        ("", "uv failed: uv ended with code 7.", "try again"),
    ],
)
def test_what_it_means(text: str, message: str, remedy: str) -> None:
    error = uv_failures.meaning(uv_failures.without_secrets(text).splitlines(), 7, {"PIP_CONFIG_FILE": os.devnull})
    assert message in error.message
    assert remedy in error.remedy
    assert "u:pw" not in str(error)
    assert len(str(error)) < 900


def source(folder: Path, body: str) -> str:
    """A package of source only, whose building runs `body`; gives its requirement."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "odd"\nversion = "1.0"\n'
    )
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (folder / "backend.py").write_text(
        f"import sys\n\ndef build_wheel(target, config_settings=None, metadata_directory=None):\n{lines}"
    )
    return f"odd @ {folder.as_uri()}"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "for number in range(3000): print('compiling', number)\n"
            "print('odd.c:1:10: fatal error: Python.h: No such file or directory', file=sys.stderr)\n"
            "for number in range(3000): print('noise', number, file=sys.stderr)\n"
            "raise RuntimeError('gcc ended with 1')",
            "fatal error: Python.h",
        ),
        ("print('error: connection refused')\nraise ValueError('no numbers')", "ValueError: no numbers"),
    ],
)
def test_of_a_build_that_fails_one_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, line: str
) -> None:
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    config = project(tmp_path / "project", tiny(source(tmp_path / "odd", body)))
    told: list[str] = []
    with pytest.raises(RuntimeUnavailable) as caught:
        runtimes.prepare("tiny:v1", config, told.append)
    assert "odd has no ready-made package (wheel)" in caught.value.message
    assert line in caught.value.message
    assert "build-essential" in caught.value.remedy
    assert len(str(caught.value)) < 900
    assert "noise" not in "".join((*told, str(caught.value)))
    code, error = Builder(config).end()
    assert (code, error.count("\n")) == (1, 1)
