"""Runtimes that are container images: looked at where they are, and pulled from a registry only when asked."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_pipeline import config as configuration
from jupyter_pipeline import runtimes
from jupyter_pipeline.config import Config
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.runtimes.images import as_recorded
from tests.helpers import images

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def project(folder: Path, settings: str) -> Config:
    (folder / configuration.FILE).write_text(settings, encoding="utf-8")
    return configuration.load(folder)


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry(BaseHTTPRequestHandler):
    """As much of a registry as pulling one image of one small layer needs."""

    blobs: dict[str, bytes] = {}
    manifest = b""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        is_manifest = "/manifests/" in self.path
        data = self.manifest if is_manifest else self.blobs.get(name, b"{}")
        self.send_response(200)
        self.send_header("Content-Type", MANIFEST if is_manifest else "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", digest(data))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def part(data: bytes, kind: str) -> dict[str, object]:
    Registry.blobs[digest(data)] = data
    return {"mediaType": f"application/vnd.docker.{kind}", "size": len(data), "digest": digest(data)}


@pytest.fixture
def registry() -> Iterator[str]:
    """The address of a registry on this machine that has the image ``small:v1``."""
    images.require_engine()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = 6
        tar.addfile(entry, io.BytesIO(b"hello\n"))
    layer = stream.getvalue()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    about = {"architecture": machine, "os": "linux", "config": {"Cmd": ["/bin/small"]}, "history": [{}]}
    config = json.dumps(about | {"rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part(config, "container.image.v1+json"),
        "layers": [part(gzip.compress(layer, mtime=0), "image.rootfs.diff.tar.gzip")],
    }
    Registry.manifest = json.dumps(manifest).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    yield address
    server.shutdown()
    server.server_close()
    images.api().remove_image(f"{address}/small:v1", force=True)


def test_an_image_is_missing_until_it_is_pulled(tmp_path: Path, registry: str) -> None:
    config = project(tmp_path, f'[runtimes."small:v1"]\nimage = "{registry}/small:v1"\n')
    info = runtimes.describe("small:v1", config)
    assert info.state is RuntimeState.MISSING
    assert info.message == (
        f"The image {registry}/small:v1 is not present. Fetch it with `jupyter pipeline runtimes pull small:v1`."
    )
    assert runtimes.installed("small:v1", config) is None
    told: list[str] = []
    image = runtimes.pull("small:v1", config, told.append)
    assert told
    info = runtimes.describe("small:v1", config)
    assert (info.state, info.identity) == (RuntimeState.READY, image)
    runtime = runtimes.installed("small:v1", config)
    assert runtime is not None
    assert runtime.image == image
    (row,) = [one for one in runtimes.describe_all(config) if one.info.name == "small:v1"]
    assert (row.kind, bool(row.size)) == ("docker", True)


def test_what_a_project_changes_is_part_of_the_identity(tmp_path: Path) -> None:
    images.require_engine()
    plain = f'[runtimes."box:v1"]\nimage = "{images.shell()}"\n'
    texts = [plain, plain + 'program = "sh"\n', plain + 'environment = { A = "1" }\n']
    infos = [runtimes.describe("box:v1", project(tmp_path, text)) for text in texts]
    assert len({info.identity for info in infos}) == 3
    assert all(info.identity.startswith(images.shell()) for info in infos)


def test_the_image_that_was_recorded_is_the_one_that_runs(tmp_path: Path) -> None:
    images.require_engine()
    config = project(tmp_path, f'[runtimes."box:v1"]\nimage = "{images.shell()}"\nprogram = "sh"\n')
    runtime = runtimes.installed("box:v1", config)
    assert runtime is not None
    old = as_recorded(runtime, "sha256:old+abc")
    assert (old.image, old.identity) == ("sha256:old", "sha256:old+abc")
    assert as_recorded(runtime, "") == runtime


@pytest.mark.parametrize(
    ("key", "image", "name", "means"),
    [
        ("box:v1", "registry.example/b:v7", "box:v1", "registry.example/b:v7"),
        ("box", "registry.example/b", "box:v2", "registry.example/b:v2"),
        ("box", "registry.example:5000/b", "box:v2", "registry.example:5000/b:v2"),
        ("box", "registry.example/b:v1", "box:v2", "registry.example/b:v1"),
    ],
)
def test_which_image_a_name_means(tmp_path: Path, key: str, image: str, name: str, means: str) -> None:
    config = project(tmp_path, f'[runtimes."{key}"]\nimage = "{image}"\n')
    assert runtimes.definitions.image_of(name, config) == means


def test_a_prefix_holds_only_where_everything_runs_in_containers(tmp_path: Path) -> None:
    prefix = '[docker]\nimages = "registry.example/"\n'
    config = project(tmp_path, 'executor = "docker"\n' + prefix + '[runtimes."r:v1"]\nimage = "other/r"\n')
    assert runtimes.definitions.image_of("python:v2", config) == "registry.example/python:v2"
    assert runtimes.definitions.image_of("r:v1", config) == "other/r"
    with pytest.raises(RuntimeUnavailable, match="no container image here"):
        runtimes.definitions.image_of("python:v2", project(tmp_path, prefix))


@pytest.mark.parametrize("image", ["Not An Image", "registry.example/UPPER:v1", "a:b:c"])
def test_an_image_that_cannot_be_one_is_said(tmp_path: Path, image: str) -> None:
    images.require_engine()
    info = runtimes.describe("box:v1", project(tmp_path, f'[runtimes."box:v1"]\nimage = "{image}"\n'))
    assert info.state is RuntimeState.MISSING
    assert image in info.message


def test_without_an_engine_the_sentence_says_where_it_was_looked_for(tmp_path: Path) -> None:
    settings = '[runtimes."box:v1"]\nimage = "x:v1"\n[docker]\nhost = "unix:///nowhere/docker.sock"\n'
    info = runtimes.describe("box:v1", project(tmp_path, settings))
    assert info.state is RuntimeState.MISSING
    assert "No Docker Engine answers at unix:///nowhere/docker.sock" in info.message
    assert "[docker] host" in info.message
