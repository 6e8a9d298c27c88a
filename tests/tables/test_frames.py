from __future__ import annotations

import datetime
import gzip
import random
import struct
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.tables import frames
from jupyter_pipeline.tables.frames import read_frame
from tests.helpers.support import require


def arrow_table() -> Any:
    arrow = import_module("pyarrow")
    return arrow.table(
        {
            "n": [1, None, 3, 4, 5, 6],
            "x": [1.0, 0.1, float("nan"), None, 1e300, -0.0],
            "text": ["a", "é", None, "", "<b>", "z"],
            "when": arrow.array([0, 10**18 + 1, None, 3, 4, 5], arrow.timestamp("ns")),
            "zone": arrow.array([0] * 6, arrow.timestamp("s", tz="No/Where")),
            "took": arrow.array([7] * 6, arrow.duration("ns")),
            "day": [datetime.date(2020, 2, 29)] * 6,
            "kind": arrow.array(["u", "v"] * 3).dictionary_encode(),
            "list": [[1, 2], []] * 3,
            "bytes": [b"\x00a"] * 6,
            "yes": [True, False, None] * 2,
        }
    )


FIRST = ["1", "1.0", "a", "1970-01-01 00:00:00.000000000", "0", "7", "2020-02-29", "u", "[1, 2]", "0061", "True"]
SECOND = ["", "0.1", "é", "2001-09-09 01:46:40.000000001", "0", "7", "2020-02-29", "v", "[]", "0061", "False"]


def written(folder: Path, name: str) -> Path:
    """The table in a file of several pieces, as the type that the name says."""
    table, file = arrow_table(), folder / name
    if name.endswith(".parquet"):
        import_module("pyarrow.parquet").write_table(table, file, row_group_size=2)
    elif name.endswith(".feather"):
        import_module("pyarrow.feather").write_feather(table, str(file), chunksize=2)
    else:
        ipc = import_module("pyarrow.ipc")
        opened = ipc.new_stream if name.startswith("stream") else ipc.new_file
        with opened(str(file), table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    return file


NAMES = ["a.feather", "a.arrow", "stream.arrow", "a.parquet", "A.PARQUET"]


@pytest.mark.parametrize("name", NAMES[:4])
@pytest.mark.parametrize("most", [0, 1, 2, 3, 5, 6, 99])
def test_the_first_rows_are_read_as_texts(tmp_path: Path, name: str, most: int) -> None:
    frame = read_frame(written(tmp_path, name), name, most)
    assert frame.total == 6
    assert frame.table.columns == tuple(arrow_table().schema.names)
    assert len(frame.table.rows) == min(6, most)
    assert [list(row) for row in frame.table.rows[:2]] == [FIRST, SECOND][:most]


def test_names_may_be_in_capitals(tmp_path: Path) -> None:
    assert read_frame(written(tmp_path, "a.parquet"), "A.PARQUET", 1).total == 6


@pytest.mark.parametrize("name", NAMES[:4])
def test_damaged_files_are_refused_or_read_and_never_harm(tmp_path: Path, name: str) -> None:
    good = written(tmp_path, name).read_bytes()
    chance = random.Random(name)
    refused = 0
    for number in range(200):
        data = bytearray(good)
        if number % 2:
            del data[chance.randrange(len(data)) :]
        else:
            data[chance.randrange(len(data))] ^= 0xFF
        file = tmp_path / "damaged"
        file.write_bytes(data)
        try:
            read_frame(file, name, 3)
        except ValueError as error:
            assert str(error).endswith(".")
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("name", "library"),
    [("a.feather", "pyarrow"), ("a.parquet", "pyarrow"), ("a.arrow", "pyarrow"), ("a.dta", "pandas")],
)
def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / name).write_bytes(stata())
    with pytest.raises(ValueError, match=f"package {library} is installed. Install it with `pip install {library}`"):
        read_frame(tmp_path / name, name, 5)


def test_compressed_csv_is_read_in_part_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress('\ufeffa,b\n"x\ny",1\nz\n'.encode() + b"1,2\n" * 1000))
    frame = read_frame(file, "a.csv.gz", 2)
    assert frame.total == 1002
    assert frame.table.columns == ("a", "b")
    assert list(frame.table.rows) == [["x\ny", "1"], ["z", ""]]
    assert list(frame.table.lines) == [2, 4]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n",
        gzip.compress(b"a,b\n" + bytes(range(256)) * 9, mtime=0),
        gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:-12],
        gzip.compress(b"a\n\xff\n", mtime=0),
        gzip.compress(b'a\n"open\n', mtime=0),
    ],
)
def test_damaged_compressed_csv_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(data)
    if not data:  # gzip takes an empty file for an empty text
        assert read_frame(file, "a.csv.gz", 5).total == 0
        return
    with pytest.raises(ValueError, match=r"\.$"):
        read_frame(file, "a.csv.gz", 5)


def test_a_small_archive_cannot_unpack_endlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv.gz"
    monkeypatch.setattr(frames, "MOST_UNPACKED", 1000)
    file.write_bytes(gzip.compress(b"1\n" * 2000))
    with pytest.raises(ValueError, match="when it is unpacked"):
        read_frame(file, "a.csv.gz", 5)
    monkeypatch.setattr(frames, "MOST_UNPACKED", 10**9)
    file.write_bytes(gzip.compress(b"1" * (17 * 1024**2)))
    with pytest.raises(ValueError, match="line of more than 16 MB"):
        read_frame(file, "a.csv.gz", 5)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "dta", "a.parquet.txt"])
def test_other_types_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is none of them"):
        read_frame(tmp_path / name, name, 5)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.feather", "a.parquet"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file or directory"):
        read_frame(tmp_path / name, name, 5)


def test_one_value_cannot_fill_a_page(tmp_path: Path) -> None:
    arrow = import_module("pyarrow")
    file = tmp_path / "a.feather"
    import_module("pyarrow.feather").write_feather(arrow.table({"a": ["x" * 50_000]}), str(file))
    [[cell]] = read_frame(file, "a.feather", 5).table.rows
    assert cell.endswith("... (50,000 characters)")
    assert len(cell) < 11_000


def stata() -> bytes:
    """A file of Stata's format 114: an integer, a number with a label of its value, and a text; three rows."""
    names = [b"id", b"sex", b"place"]
    header = struct.pack("<BBBBHi", 114, 2, 1, 0, 3, 3) + bytes(81) + bytes(18)
    types = bytes([253, 251, 5])
    listed = b"".join(name.ljust(33, b"\0") for name in names)
    formats = b"".join(form.ljust(49, b"\0") for form in (b"%8.0g", b"%8.0g", b"%5s"))
    labels = b"".join(name.ljust(33, b"\0") for name in (b"", b"sexes", b""))
    rows = [(1, 1, b"Leeds"), (2, 2, b"York"), (2147483621, 1, b"")]  # the last id stands for a missing one
    data = b"".join(struct.pack("<ib5s", *row) for row in rows)
    texts = b"F\0M\0"
    values = struct.pack("<ii2i2i", 2, len(texts), 0, 2, 1, 2) + texts
    valued = struct.pack("<i", len(values)) + b"sexes".ljust(33, b"\0") + bytes(3) + values
    return header + types + listed + bytes(2 * 4) + formats + labels + bytes(81 * 3) + bytes(5) + data + valued


def test_a_file_of_stata_is_read_with_its_labels(tmp_path: Path) -> None:
    require(find_spec("pandas") is not None, "pandas")
    file = tmp_path / "a.dta"
    file.write_bytes(stata())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = read_frame(file, "a.dta", 2)
    assert frame.total == 3
    assert frame.table.columns == ("id", "sex", "place")
    assert [list(row) for row in frame.table.rows] == [["1", "F", "Leeds"], ["2", "M", "York"]]
    assert read_frame(file, "a.dta", 9).table.rows[2][0] == ""
    assert read_frame(file, "a.dta", 0).total == 3


def test_a_damaged_file_of_stata_is_refused(tmp_path: Path) -> None:
    require(find_spec("pandas") is not None, "pandas")
    file = tmp_path / "a.dta"
    for end in (0, 1, 50, 200, 600):
        file.write_bytes(stata()[:end])
        with pytest.raises(ValueError, match=r"cannot be read"):
            read_frame(file, "a.dta", 2)
