from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline import tables
from jupyter_pipeline.levels import MAX_SIZE, TableFacts

QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def facts(folder: Path, data: bytes, name: str = "a.csv") -> TableFacts | None:
    file = folder / name
    file.write_bytes(data)
    return tables.facts(file, name)


@pytest.mark.parametrize(
    ("data", "rows", "columns"),
    [
        (b"", 0, ()),
        (b"a,b", 0, ("a", "b")),
        (b"a,b\n", 0, ("a", "b")),
        (b"a,b\n1,2", 1, ("a", "b")),
        (b"a,b\n1,2\n", 1, ("a", "b")),
        (b"a,b\r\n1,2\r\n3,4\r\n", 2, ("a", "b")),
        (b"a,b\r1,2\r3,4\r", 2, ("a", "b")),
        (b"a,b\n\n1,2\n\n", 1, ("a", "b")),
        (b"\xef\xbb\xbfpatient_id,b\n1,2\n", 1, ("patient_id", "b")),
        (b'"a","b\nc"\n"1\n2\n3",4\n', 1, ("a", "b\nc")),
        ("größe,é\n1,2\n".encode(), 1, ("größe", "é")),
        (b"a\n" + b"1\n" * 6000, 6000, ("a",)),
    ],
)
def test_rows_do_not_count_the_header(tmp_path: Path, data: bytes, rows: int, columns: tuple[str, ...]) -> None:
    assert facts(tmp_path, data) == TableFacts(rows, columns)
    assert facts(tmp_path, gzip.compress(data), "a.csv.gz") == TableFacts(rows, columns)
    assert facts(tmp_path, data, "A.CSV") == TableFacts(rows, columns)


@pytest.mark.parametrize("data", [b"\npatient_id,age\n1,2\n", b"\r\n\r\npatient_id,age\r\n1,2\r\n"])
def test_the_header_is_the_first_line_that_is_not_empty(tmp_path: Path, data: bytes) -> None:
    """As every reader of data frames takes it; else a patient_id could hide behind an empty line."""
    found = facts(tmp_path, data)
    assert found is not None
    assert found.columns == ("patient_id", "age")
    assert found.rows == 1


@pytest.mark.parametrize("name", ["a.txt", "a.json", "csv", "a.csv.zip", "a.feather", "a.csv.gz.txt"])
def test_other_files_are_no_tables(tmp_path: Path, name: str) -> None:
    assert facts(tmp_path, b"a,b\n", name) is None


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n\xff\xfe,2\n",
        "a,b\n1,2\n".encode("utf-16"),
        b'a,b\n"never closed,2\n',
        b'a,b\n"closed"too early,2\n',
    ],
)
def test_what_cannot_be_read_is_told_and_never_passed(tmp_path: Path, data: bytes) -> None:
    found = facts(tmp_path, data)
    assert found is not None
    assert found.error


@pytest.mark.parametrize("harm", ["no gzip at all", "cut off", "wrong bytes", "wrong check sum", "empty"])
def test_compressed_files_that_are_damaged_are_told(tmp_path: Path, harm: str) -> None:
    good = gzip.compress(b"a,b\n" + b"".join(b"%d,2\n" % number for number in range(1000)))
    wrong = bytearray(good)
    wrong[20] ^= 0xFF
    wrong[25] ^= 0x55
    data = {
        "no gzip at all": b"a,b\n1,2\n",
        "cut off": good[: len(good) // 2],
        "wrong bytes": bytes(wrong),
        "wrong check sum": good[:-8] + b"\0" * 8,
        "empty": b"\x1f\x8b",
    }[harm]
    found = facts(tmp_path, data, "a.csv.gz")
    assert found is not None
    assert found.error


def test_a_file_that_is_not_there_or_is_a_folder_is_told(tmp_path: Path) -> None:
    for name in ("gone.csv", "gone.csv.gz"):
        found = tables.facts(tmp_path / name, name)
        assert found is not None
        assert found.error
    (tmp_path / "folder.csv").mkdir()
    found = tables.facts(tmp_path / "folder.csv", "folder.csv")
    assert found is not None
    assert found.error


def large(header: bytes, line: bytes, end: bytes = b"") -> bytes:
    return header + line * (MAX_SIZE // len(line) + 1) + end


def test_of_a_large_file_rows_are_counted_where_no_quotes_are(tmp_path: Path) -> None:
    data = large(b"a,b\n", b"12345,6789\n")
    count = data.count(b"\n") - 1
    assert facts(tmp_path, data) == TableFacts(count, ("a", "b"))
    assert facts(tmp_path, data + b"1,2") == TableFacts(count + 1, ("a", "b"))
    assert facts(tmp_path, data + b'"1\n",2\n') == TableFacts(None, ("a", "b"))


def test_a_large_file_without_lines_is_withstood(tmp_path: Path) -> None:
    found = facts(tmp_path, b"x" * (MAX_SIZE + 1))
    assert found is not None
    assert found.rows is not None or found.error


def test_a_small_archive_of_a_giant_line_does_not_fill_the_memory(tmp_path: Path) -> None:
    """64 MB of one letter are 64 kB in the archive; a reader by lines would hold all of them."""
    import tracemalloc

    file = tmp_path / "a.csv.gz"
    with gzip.open(file, "wb", compresslevel=1) as stream:
        for _ in range(64):
            stream.write(b"x" * 1024**2)
    tracemalloc.start()
    try:
        found = tables.facts(file, file.name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found.error
    assert peak < 3 * tables.FIELD_BOUND


@QUICK
@given(data=st.binary(max_size=300), name=st.sampled_from(["a.csv", "a.csv.gz"]))
def test_no_bytes_raise(tmp_path: Path, data: bytes, name: str) -> None:
    assert facts(tmp_path, data, name) is not None
    assert facts(tmp_path, b"\x1f\x8b\x08\0\0\0\0\0\0\0" + data, name) is not None


CELLS = st.lists(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1), min_size=1
)


@QUICK
@given(table=CELLS)
def test_what_python_writes_is_counted(tmp_path: Path, table: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    found = facts(tmp_path, ("\ufeff" + text.getvalue()).encode())
    assert found == TableFacts(len(table) - 1, tuple(table[0]))
