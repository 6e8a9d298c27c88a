"""Handlers as other extensions have them: they take a path from wherever they like and read the file themselves."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import authenticated, stream_request_body


class Reader(APIHandler):
    def initialize(self, root: str) -> None:
        self.root = Path(root)

    def read(self, *parts: str) -> None:
        place = self.root.joinpath(*(part.lstrip("/") for part in parts))
        if str(parts[-1]).startswith(str(self.root)):
            place = Path(parts[-1])
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        self.finish(json.dumps([each.read_text(errors="replace") for each in files if each.is_file()]))


class InPath(Reader):
    """As jupyter-archive's ``/directories/<path>``, and jupyterlab-git's ``/git/<path>/<verb>``."""

    @authenticated
    def get(self, path: str) -> None:
        self.read(path)

    @authenticated
    def post(self, path: str) -> None:
        self.read(path, json.loads(self.request.body)["filename"])


class InArguments(Reader):
    """As nbdime: ``?base=<path>``; and ``{"base": "git:<path>"}`` in a body."""

    @authenticated
    def get(self) -> None:
        self.read(*(self.get_argument(name) for name in ("folder", "base") if self.get_argument(name, "")))

    @authenticated
    def post(self) -> None:
        if self.request.headers.get("Content-Type", "").startswith("application/x-www-form"):
            self.read(self.get_body_argument("base"))
        else:
            self.read(json.loads(self.request.body)["what"][0]["base"].removeprefix("git:"))


@stream_request_body
class Streamed(Reader):
    """One that takes its body piece by piece, so that nobody can look at it before."""

    def data_received(self, chunk: bytes) -> None:
        self.pieces = [*getattr(self, "pieces", []), chunk]

    @authenticated
    def post(self) -> None:
        self.finish(json.dumps({"size": sum(map(len, self.pieces))}))


def handlers(base: str, root: str) -> list[Any]:
    settings = {"root": os.path.abspath(root)}
    return [
        (url_path_join(base, r"/directories/(.*)"), InPath, settings),
        (url_path_join(base, r"/git/(.*)/content"), InPath, settings),
        (url_path_join(base, r"/nbdime"), InArguments, settings),
        (url_path_join(base, r"/streamed"), Streamed, settings),
    ]
