"""An output's bytes as what one works with: a table, a text, a picture."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import PurePosixPath
from typing import Any

TEXTS = (".txt", ".log", ".md", ".html", ".svg", ".yaml", ".yml")
PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


class Picture(bytes):
    """The bytes of a picture, shown as one in notebooks."""

    media = "image/png"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, bytes]:
        return {self.media: bytes(self)}


class Jpeg(Picture):
    """The bytes of a JPEG picture."""

    media = "image/jpeg"


def value_of(path: str, data: bytes) -> Any:
    """What a file holds, by its type: see ``Project.read``."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".csv" or path.lower().endswith(".csv.gz"):
        return _table(path, data)
    if suffix in (".feather", ".arrow", ".parquet", ".dta") and _has_pandas():
        return _frame(suffix, data)
    if suffix == ".json":
        return json.loads(data)
    if suffix in TEXTS:
        return data.decode("utf-8", errors="replace")
    if suffix in PICTURES:
        return (Picture if suffix == ".png" else Jpeg)(data)
    return data


def _has_pandas() -> bool:
    return importlib.util.find_spec("pandas") is not None


def _table(path: str, data: bytes) -> Any:
    """A DataFrame where pandas is there, else rows as dictionaries of texts."""
    if _has_pandas():
        import pandas as pd

        return pd.read_csv(io.BytesIO(data), compression="gzip" if path.lower().endswith(".gz") else None)
    import csv
    import gzip

    plain = gzip.decompress(data) if path.lower().endswith(".gz") else data
    return list(csv.DictReader(io.StringIO(plain.decode("utf-8-sig", errors="replace"), newline="")))


def _frame(suffix: str, data: bytes) -> Any:
    import pandas as pd

    read = {".parquet": pd.read_parquet, ".dta": pd.read_stata}.get(suffix, pd.read_feather)
    return read(io.BytesIO(data))
