from __future__ import annotations

import base64
import builtins
import csv
import gzip
import html
import io
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline import tables
from jupyter_pipeline.rules.levels import MAX_SIZE, TableFacts, reason_withheld
from jupyter_pipeline.tables import json_records, markup, texts

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
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0;|\t"), min_size=1), min_size=1), min_size=1
)


@QUICK
@given(table=CELLS)
def test_what_python_writes_is_counted(tmp_path: Path, table: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    found = facts(tmp_path, ("\ufeff" + text.getvalue()).encode())
    assert found == TableFacts(len(table) - 1, tuple(table[0]))


@pytest.mark.parametrize("separator", ";\t|")
def test_columns_may_be_parted_otherwise(tmp_path: Path, separator: str) -> None:
    """As some programs write them where the comma is in numbers; quotes hold line breaks there too."""
    data = '"a"|"b|c"\n"1\n2"|"3,5"\n4|5\n'.replace("|", separator).encode()
    assert facts(tmp_path, data) == TableFacts(2, ("a", f"b{separator}c"))


@pytest.mark.parametrize(
    "data",
    [
        "# made by a script\npatient_id,age\n1,2\n",
        "Table 1: all of them\n\npatient_id,age\n1,2\n",
        "Table 1: all of them,\npatient_id,age\n1,2\n",
        ",age,age\n,mean,max\nPatient ID,,\n1,2,3\n",
        "#\n#\npatient_id\n1\n",
        '"","patient_id"\n"1",12\n',
    ],
)
def test_a_header_below_remarks_is_found(tmp_path: Path, data: str) -> None:
    assert is_about_patients(tmp_path, "a.csv", data)


@pytest.mark.parametrize("data", ["column,type\npatient_id,int\nage,int\n", "column\npatient_id\nage\n"])
def test_a_list_of_columns_is_no_table_of_patients(tmp_path: Path, data: str) -> None:
    assert not is_about_patients(tmp_path, "a.csv", data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (gzip.compress(b"a,b\n", mtime=0), "gzip"),
        (b"PK\x03\x04 and so on", "zip"),
        (b"\x89PNG\r\n", "image"),
        (b"GIF89a,b\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"%PDF-1.4\n", "PDF"),
        (b"\xef\xbb\xbf <!DOCTYPE html><p>", "page"),
        (b"<html>\n", "page"),
        (b"<?xml version='1.0'?>", "page"),
        (b"ARROW1\0\0", "data file"),
        (b"a,b\n1,\0\n", "zero bytes"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        ("a,b\n".encode("utf-16-le"), "UTF-16"),
        (b"a,b\n\xff,2\n", "UTF-8"),
    ],
)
def test_what_is_no_csv_is_told(tmp_path: Path, data: bytes, word: str) -> None:
    found = facts(tmp_path, data)
    assert found is not None
    assert word in (found.error or "")


# -- what decides whether a file may be viewed -------------------------------------------------------

TEXTS = ["a.json", "a.html", "a.svg", "a.svgz", "a.md", "a.txt", "a.log"]


def seen(folder: Path, name: str, data: str | bytes) -> TableFacts:
    file = folder / name
    content = data.encode("utf-8", errors="surrogatepass") if isinstance(data, str) else data
    file.write_bytes(gzip.compress(content) if name.endswith(".svgz") else content)
    found = tables.facts_for_viewing(file, name)
    assert found is not None
    return found


def is_about_patients(folder: Path, name: str, data: str) -> bool:
    found = seen(folder, name, data)
    assert found.error is None
    return "patient_id" in (reason_withheld("a.csv", 1, found) or "")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.rds", "a", "a.ipynb"])
def test_images_and_other_types_hold_no_tables(tmp_path: Path, name: str) -> None:
    assert tables.facts_for_viewing(tmp_path / name, name) is None


@pytest.mark.parametrize("name", [*TEXTS, "a.csv", "a.feather"])
def test_a_file_that_vanishes_is_told(tmp_path: Path, name: str) -> None:
    found = tables.facts_for_viewing(tmp_path / name, name)
    assert found is not None
    assert found.error
    assert str(tmp_path) not in found.error


@pytest.mark.parametrize("name", ["a.json", "a.html", "a.csv"])
def test_a_file_that_changes_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = tmp_path / name
    file.write_text("1")
    path_open = Path.open

    def open_and_change(self: Path, mode: str = "r") -> object:
        stream = path_open(self, mode)
        with builtins.open(self, "a") as other:
            other.write(" ")
        return stream

    monkeypatch.setattr(Path, "open", open_and_change)
    found = tables.facts_for_viewing(file, name)
    assert found == TableFacts(error="it changed while it was read")


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_of_more_than_16_mb_is_told_and_not_read(tmp_path: Path, name: str) -> None:
    found = seen(tmp_path, name, b" " * (MAX_SIZE + 1))
    assert found.error == "it is larger than 16 MB"


@pytest.mark.parametrize("name", TEXTS)
def test_zero_bytes_are_no_text(tmp_path: Path, name: str) -> None:
    assert seen(tmp_path, name, b"a\0b").error


@pytest.mark.parametrize("name", ["a.html", "a.txt"])
@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_texts_may_be_in_other_encodings(tmp_path: Path, name: str, encoding: str) -> None:
    data = "<pre>\npatient_id,größe\n1,2\n</pre>".encode(encoding)
    assert seen(tmp_path, name, data) == TableFacts(rows=None, patients=True)


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("", 0),
        ("[]", 0),
        ('{"a": 1}', 1),
        ('[{"a": 1}, {"a": 2}]', 2),
        ('\ufeff[{"a": NaN}, {"a": -Infinity}, null]', 3),
        ('{"a": [1, 2, 3], "b": [4, 5, 6]}', 3),
        ('{"a": {"0": 1, "1": 2, "2": 3}, "b": {"0": 1, "1": 2, "2": 3}}', 3),
        ('{"0": {"a": 1}, "1": {"a": 1}, "2": {"a": 2}}', 3),
        ('{"columns": ["a"], "index": [0, 1, 2], "data": [[1], [2], [3]]}', 3),
        ('{"schema": {"fields": [{"name": "a"}]}, "data": [{"a": 1}, {"a": 2}]}', 2),
        ("[[1, 2], [3, 4], [5, 6]]", 3),
        ('{"deep": [[{"er": {"list": [{}, {}, {}, {}]}}]]}', 4),
        ('{"a": 1}\n\n{"a": 2}\r\n{"a": 3}\n', 3),
        ("[1, 2]\n[3, 4]\n[5, 6]\n", 3),
        ('{"a": [1], "a": [1, 2, 3]}', 3),
        ("[" + "9" * 10_000 + ", 1e999999]", 2),
        ('{"type": "Polygon", "coordinates": [[[0, 1], [1, 2], [3, 4]]]}', 1),
        (json.dumps({str(number): 1 for number in range(6000)}), 6000),
    ],
)
def test_rows_of_json_are_those_of_its_longest_table(tmp_path: Path, data: str, rows: int) -> None:
    assert seen(tmp_path, "a.json", data) == TableFacts(rows=rows)


@pytest.mark.parametrize(
    "data", ["{", "[1,]", "{'a': 1}", "1 2", '{"a": 1}\n3', "[" * 100_000 + "]" * 100_000, "é[", "\ud800"]
)
def test_json_that_cannot_be_read_is_told(tmp_path: Path, data: str) -> None:
    assert seen(tmp_path, "a.json", data).error


def test_json_of_too_many_parts_is_told(tmp_path: Path) -> None:
    found = seen(tmp_path, "a.json", "[" + "[]," * json_records.CONTAINERS + "1]")
    assert found.error == "it holds more than 1,000,000 objects and lists"


@pytest.mark.parametrize(
    "data",
    [
        '{"a": 1, "patient_id": 2, "a": 3}',
        r'{"patient\u005fid": 1}',
        '{"columns": ["PATIENT_ID", "a"], "data": [[1, 2]]}',
        '{"columns": [{"title": "Patient ID"}], "data": [[1]]}',
        '[["patient_id", "a"], [1, 2]]',
        r'{"figure": "{\"patient_id\": [1, 2]}"}',
    ],
)
def test_patients_are_found_in_json(tmp_path: Path, data: str) -> None:
    assert is_about_patients(tmp_path, "a.json", data)


@pytest.mark.parametrize(
    "data", ['[{"name": "patient_id", "type": "int"}]', '{"n_patient_id": 1}', '{"note": "patient_id was dropped"}']
)
def test_json_that_speaks_of_patients_is_no_table_of_them(tmp_path: Path, data: str) -> None:
    assert not is_about_patients(tmp_path, "a.json", data)


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("<p>none</p>", None),
        ("<table></table>", 0),
        ("<table><tr><th>a<tr><td>1<tr><td>2</table>", 2),
        ("<table><tr><td>a<tr><td>1<tr><td>2", 2),
        ("<table><thead><tr><th>a<tr><th>b</thead><tr><th>1<td>2</table>", 1),
        ("<table><tr><td><table><tr><td>a<tr><td>1<tr><td>2</table><tr><td>1</table>", 2),
        ("<script>'<table><tr><tr><tr>'</script>", None),
        ('<p title="<table><tr><tr><tr>">', None),
        ("<!-- <table><tr><tr> -->", 1),
        ("<table><tr><th>a" + "<tr><td>1" * 6000, 6000),
        ("a < b, <3 <- </ <!doctype html><TABLE><TR><TR>", 1),
    ],
)
def test_rows_of_a_page_are_those_of_its_longest_table(tmp_path: Path, data: str, rows: int | None) -> None:
    assert seen(tmp_path, "a.html", data) == TableFacts(rows=rows)


IN_PAGES = [
    "<table><tr><td>a<td>Patient&nbsp;ID</table>",
    "<table><thead><tr><th>a</th><th><b>patient<wbr>_id</b></th></tr></thead></table>",
    "<table><tr><th>a<tr><td>1<tr><th>PATIENT_ID<td>1</table>",
    "<tr><th>x<th>patient&#95;id<td>1",
    "<table><tr><td colspan=2>All of them</td></tr><tr><td>patient_id</td><td>b</td></tr><tr><td>1",
    "<table><tr><td id=patient_id>Person</table>",
    '<td headers="age patient_id">1',
    '<div role="columnheader">Patient ID</div>',
    "<!-- <table><tr><th>patient_id</th></table> -->",
    "<!--><table><tr><th>patient_id</th></table>",
    "<p title='>'><p a=\"'\"><table><tr><th>patient_id</table>",
    "<script>draw({patient_id: [1]})</script>",
    "<script>draw({'Patient ID': [1]})</script>",
    '<script type="application/json">{"container": "\\u003cth\\u003epatient_id\\u003c/th\\u003e"}</script>',
    "<script type='application/json'>{\"patient\\u005fid\": 1}</script>",
    '<script>{"hovertemplate": "patient_id=%{customdata[0]}"}</script>',
    "<script>patient_id",
    '<div data-patient-id="3">',
    "<div data-rows='{&quot;patient_id&quot;: 1}'>",
    "<div data-column='patient id'>",
    "<div x='{\"patient_id\": 1}'>",
    '<iframe srcdoc="&lt;table&gt;&lt;tr&gt;&lt;th&gt;patient_id&lt;/th&gt;"></iframe>',
    f'<a href="data:text/csv;base64,{base64.b64encode(b"patient_id,age").decode()}">',
    '<a href="data:text/csv,patient_id%2Cage">',
    '<iframe src="data:text/html,%3Cth%3Epatient_id">',
    "<pre>   patient_id  age\n0           1   34\n</pre>",
    "<pre><b>patient_id</b>,age\n1,2",
    "<textarea>patient_id,age\n1,2</textarea>",
    "<p>{&quot;patient_id&quot;: 12}",
]


@pytest.mark.parametrize("data", IN_PAGES)
@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.svgz"])
def test_patients_are_found_in_pages(tmp_path: Path, name: str, data: str) -> None:
    assert is_about_patients(tmp_path, name, data)


@pytest.mark.parametrize(
    "data",
    [
        "<p>The column patient_id was dropped</p>",
        "<table><tr><th>Column<th>Type<tr><td>patient_id<td>int<tr><td>12<td>int</table>",
        "<pre>df.groupby('patient_id').size()\n3</pre>",
        "<pre>read(dtype={'patient_id': 'int64'})</pre>",
        "<h2 id=patient_id><code>patient_id</code></h2>",
        "<script>n_patient_id = 1; patient_ids = 2</script>",
        "<svg><!-- patient_id --><text>patient_id</text></svg>",
        '<img src="data:image/png;base64,!!!">',
        "<style>.patient_id {}</style><title>patient_id</title>",
    ],
)
def test_pages_that_speak_of_patients_are_no_tables_of_them(tmp_path: Path, data: str) -> None:
    assert not is_about_patients(tmp_path, "a.html", data)


def nested(depth: int) -> str:
    page = "<p>"
    for _ in range(depth):
        page = f'<iframe srcdoc="{html.escape(page)}">'
    return page


@pytest.mark.parametrize(
    "data",
    ["<table><tr><th>a\n<td title=", "<a " * 1000, "<a '\"", nested(9), "<b c>" * (markup.EFFORT + 1)],
    ids=["cut off", "never closed", "never closed quotes", "nested", "many"],
)
def test_pages_that_cannot_be_read_are_told(tmp_path: Path, data: str) -> None:
    assert seen(tmp_path, "a.html", data).error


IN_TEXTS = [
    "| a | patient_id |\n|---|---|\n| 1 | 2 |",
    "a | **patient\\_id**\n--|--\n1 | 2",
    "| patient_id | x |\n| abc | y |",
    "patient_id,age\n1,2",
    "Here, it is:\npatient_id,age\n1,2",
    "patient_id,age\r\nabc,x\r\n",
    '"","patient_id","age"\n"1",123,"3,4"',
    '"patient_id","age"\n"1",123,34',
    "patient_id;age\n\n1;2",
    "a\tPATIENT-ID\nx\t12",
    "   patient_id  age\n0           1   34\n",
    "  patient_id age\n1         12  34\n",
    "            age  sex\npatient_id          \n1            34    F\n2            35    M\n",
    "# A tibble: 5 x 3\n  patient_id   age sex  \n       <int> <dbl> <chr>\n1          1    34 F    \n",
    "     +-------------+\n     | patient_id   age |\n     |-------------|\n  1. |          1    34 |\n",
    "│ patient_id ┆ age │\n│ ---        ┆ --- │\n│ i64        ┆ i64 │\n╞════════════╪═════╡\n│ 1          ┆ 2   │",
    "patient_id\n101    5\n102    4\nName: count",
    "patient_id\n123\n124",
    '[{"patient_id": 12}]',
    "rows: [{'patient_id': 'a1'}]",
]


@pytest.mark.parametrize("data", IN_TEXTS)
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.log"])
def test_patients_are_found_in_texts(tmp_path: Path, name: str, data: str) -> None:
    assert is_about_patients(tmp_path, name, f"Some words.\n\n{data}\n\nMore words.\n")
    assert is_about_patients(tmp_path, name, data)


@pytest.mark.parametrize(
    "data",
    [
        "The patient_id column was dropped, and so on.\nThen, 12 rows remain.",
        "We kept age, patient_id, and sex.",
        "| Column | Type |\n|---|---|\n| patient_id | int |\n| age | int |",
        "column,type\npatient_id,int\nage,int",
        "patient_id    0\nage          12\n",
        "patient_id    int64\nbmi2019       float64\n",
        " 0   patient_id  1000 non-null  int64\n 1   age         1000 non-null  int64",
        'df = df[["age", "patient_id"]]\nprint(df["a"], 1)',
        'read_csv("a", dtype={"patient_id": "int64"})',
        "INFO patient_id column dropped\nINFO 2019-01-01 rows 100\n",
        "SELECT age, patient_id, sex\nFROM patients",
        "## patient_id\n\n1 row for each person",
        "- patient_id\n- age_2\n",
        '{"n_patient_id": 5}',
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.log"])
def test_texts_that_speak_of_patients_are_no_tables_of_them(tmp_path: Path, name: str, data: str) -> None:
    assert not is_about_patients(tmp_path, name, data)


def test_tables_of_html_are_found_in_markdown(tmp_path: Path) -> None:
    page = "Words.\n\n<table><tr><th>a</th><th>patient_id</th></tr></table>\n"
    assert is_about_patients(tmp_path, "a.md", page)
    assert not is_about_patients(tmp_path, "a.md", page.replace("patient_id", "b"))
    assert not is_about_patients(tmp_path, "a.md", "Less is <this")


def test_a_text_with_too_many_mentions_is_told(tmp_path: Path) -> None:
    found = seen(tmp_path, "a.log", "the patient_id is odd\n" * (texts.EFFORT // texts.LINE + 1))
    assert found.error == "too many lines mention patient_id"


# -- whatever a study writes ---------------------------------------------------------------------------

SPELLINGS = [
    "patient_id",
    "PATIENT_ID",
    "Patient ID",
    "patient-id",
    "PatientID",
    "".join(chr(ord(letter) + 0xFEE0) for letter in "patient_id"),  # wide letters
    "pat\u200bient_id",
]
NAMES = st.text("abcdefghijk_", min_size=1, max_size=8)
OTHERS = st.lists(NAMES, min_size=1, max_size=5, unique=True)
Columns = list[str]


def numbered(columns: Columns, rows: int) -> list[dict[str, int]]:
    return [{name: 10 * row + place for place, name in enumerate(columns)} for row in range(rows)]


def parted(separator: str) -> Callable[[Columns, int], str]:
    def write(columns: Columns, rows: int) -> str:
        lines = [columns, *([str(value) for value in row.values()] for row in numbered(columns, rows))]
        return "".join(separator.join(line) + "\n" for line in lines)

    return write


def aligned(columns: Columns, rows: int) -> str:
    names = [name.replace(" ", "_").replace("\u200b", "") for name in columns]
    lines = [names, *([str(value) for value in row.values()] for row in numbered(columns, rows))]
    return "\n".join("  ".join(cell.rjust(len(name)) for name, cell in zip(names, line, strict=True)) for line in lines)


def cells(columns: Columns, rows: int, head: str = "th") -> str:
    body = ("<tr>" + "".join(f"<td>{value}</td>" for value in row.values()) for row in numbered(columns, rows))
    return f"<table><tr>{''.join(f'<{head}>{html.escape(name)}' for name in columns)}{''.join(body)}</table>"


FORMS: dict[str, tuple[str, Callable[[Columns, int], str]]] = {
    **{f"csv {separator!r}": ("a.csv", parted(separator)) for separator in ",;\t|"},
    "records": ("a.json", lambda columns, rows: json.dumps(numbered(columns, rows))),
    "nested": ("a.json", lambda columns, rows: json.dumps({"a": [[{"b": numbered(columns, rows)}]]}, indent=1)),
    "lines": ("a.json", lambda columns, rows: "\n".join(map(json.dumps, numbered(columns, rows)))),
    "list": ("a.json", lambda columns, rows: json.dumps({name: list(range(rows)) for name in columns})),
    "columns": ("a.json", lambda columns, rows: json.dumps({name: dict.fromkeys(range(rows), 1) for name in columns})),
    "index": ("a.json", lambda columns, rows: json.dumps(dict(enumerate(numbered(columns, rows))))),
    "split": (
        "a.json",
        lambda columns, rows: json.dumps(
            {"columns": columns, "index": [*range(rows)], "data": [[*row.values()] for row in numbered(columns, rows)]}
        ),
    ),
    "values": ("a.json", lambda columns, rows: json.dumps([columns, *([1] * len(columns) for _ in range(rows))])),
    "table": (
        "a.json",
        lambda columns, rows: json.dumps(
            {"schema": {"fields": [{"name": name} for name in columns]}, "data": numbered(columns, rows)}
        ),
    ),
    "th": ("a.html", cells),
    "td": ("a.html", lambda columns, rows: cells(columns, rows, "td")),
    "page": ("a.html", lambda columns, rows: f"<!doctype html><p>a &lt; b<br>{cells(columns, rows)}<p>"),
    "script": (
        "a.html",
        lambda columns, rows: f"<script type=application/json>{json.dumps(numbered(columns, rows))}</script>",
    ),
    "foreign": ("a.svg", lambda columns, rows: f"<svg><foreignObject>{cells(columns, rows)}</foreignObject></svg>"),
    "compressed": ("a.svgz", cells),
    **{f"text {separator!r}": ("a.txt", parted(separator)) for separator in ",;\t|"},
    "aligned": ("a.log", aligned),
    "pre": ("a.html", lambda columns, rows: f"<pre>{html.escape(aligned(columns, rows))}</pre>"),
    "markdown": (
        "a.md",
        lambda columns, rows: f"|{'|'.join(columns)}|\n{'|-' * len(columns)}|\n|{'1|' * len(columns)}",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@settings(QUICK, max_examples=30)
@given(others=OTHERS, spelling=st.sampled_from(SPELLINGS), place=st.integers(0, 5), rows=st.integers(1, 4))
def test_a_column_of_patients_is_always_found(
    tmp_path: Path, form: str, others: Columns, spelling: str, place: int, rows: int
) -> None:
    name, write = FORMS[form]
    columns = [*others[:place], spelling, *others[place:]]
    assert is_about_patients(tmp_path, name, write(columns, rows))


@pytest.mark.parametrize("form", FORMS)
@settings(QUICK, max_examples=30)
@given(others=OTHERS, rows=st.integers(1, 4), words=st.sampled_from(["", "patient", "n_patient_id", "patient_ids"]))
def test_a_table_without_one_is_not_withheld(tmp_path: Path, form: str, others: Columns, rows: int, words: str) -> None:
    name, write = FORMS[form]
    found = seen(tmp_path, name, write([*others, words] if words else others, rows))
    assert reason_withheld(name, 1, found) in (None, "Files of type .svgz are not viewable.")


PIECES = st.sampled_from(
    "patient_id <table <tr> <td <th> </table> <!-- --> <script </script> > \" ' = & ; , | \t \n { } [ ] : 1 \\u005f "
    "data-x srcdoc= data: <pre> &#95; é \u200b \\ - . NaN".split(" ")
)


@QUICK
@given(
    data=st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(lambda found: "".join(found).encode()))
)
def test_no_content_raises(tmp_path: Path, data: bytes) -> None:
    for name in [*TEXTS, "a.csv", "a.feather"]:
        seen(tmp_path, name, data)


def test_a_broken_drawing_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.svgz").write_bytes(b"<svg>")
    found = tables.facts_for_viewing(tmp_path / "a.svgz", "a.svgz")
    assert found is not None
    assert found.error


def test_a_feather_file_without_its_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pyarrow" in (seen(tmp_path, "a.feather", b"ARROW1\0\0").error or "")


def test_the_columns_of_a_feather_file_are_found(tmp_path: Path) -> None:
    arrow = import_module("pyarrow")
    feather = import_module("pyarrow.feather")
    file = tmp_path / "a.feather"
    feather.write_feather(arrow.table({"a": [1, 2, 3], "b": [{"Patient_ID": 1}] * 3}), str(file))
    assert tables.facts_for_viewing(file, file.name) == TableFacts(3, ("a", "b"), patients=True)
    feather.write_feather(arrow.table({"a": [1, 2, 3]}), str(file))
    assert tables.facts_for_viewing(file, file.name) == TableFacts(3, ("a",))
    file.write_bytes(file.read_bytes()[: os.stat(file).st_size // 2])
    found = tables.facts_for_viewing(file, file.name)
    assert found is not None
    assert found.error
