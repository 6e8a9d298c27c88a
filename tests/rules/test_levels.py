from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.errors import OutputRefused
from jupyter_pipeline.models import STRICTNESS, Level, OutputFile
from jupyter_pipeline.rules import levels
from jupyter_pipeline.rules.levels import (
    MAX_ROWS,
    MAX_SIZE,
    VIEWABLE_TYPES,
    TableFacts,
    reason_withheld,
    strictest,
)


def an_output(level: Level, message: str | None = None) -> OutputFile:
    return OutputFile("output/a.csv", "a", "j", "r", level, 1, 1, "00", message=message)


def test_highly_sensitive_is_strictest_and_moderately_least_strict() -> None:
    assert set(STRICTNESS) == set(Level)
    for one, other in itertools.combinations(STRICTNESS, 2):
        assert strictest([other, one]) is strictest([one, other]) is one
    assert strictest([Level.MODERATELY]) is Level.MODERATELY
    assert strictest(Level) is Level.HIGHLY


@pytest.mark.parametrize("kind", sorted(VIEWABLE_TYPES))
def test_a_small_file_of_a_viewable_type_may_be_viewed(kind: str) -> None:
    assert reason_withheld(f"output/a.{kind}", 1, None) is None
    assert reason_withheld(f"output/a.{kind.upper()}", MAX_SIZE, None) is None


@pytest.mark.parametrize(
    "path", ["a.csv.gz", "a.xml", "a.rds", "a.ipynb", "a.pdf", "a", "a.", ".csv", "csv", "a.csv/b", "a.csv ", "a.exe"]
)
def test_other_types_may_not(path: str) -> None:
    reason = reason_withheld(path, 1, None)
    assert reason is not None
    assert "not viewable" in reason


def test_a_large_file_may_not_be_viewed() -> None:
    reason = reason_withheld("a.html", MAX_SIZE + 1, None)
    assert reason == "It is larger than 16 MB (16.0 MB)."


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TableFacts(rows=MAX_ROWS, columns=("a",)), None),
        (TableFacts(rows=0, columns=()), None),
        (TableFacts(rows=MAX_ROWS + 1, columns=("a",)), "It has 5001 rows; at most 5000 may be viewed."),
        (TableFacts(error="line 3 is odd"), "withheld: line 3 is odd."),
        (TableFacts(rows=1, columns=("a", "patient_id")), "column patient_id"),
        (TableFacts(rows=1, columns=(" Patient_ID ",)), "column patient_id"),
        (TableFacts(rows=1, columns=("PATIENT_ID", "b")), "column patient_id"),
        (TableFacts(rows=1, columns=("patient_id_count",)), None),
        (TableFacts(rows=1, columns=("n_patient_id",)), None),
    ],
)
def test_what_is_known_of_a_table_decides(table: TableFacts, words: str | None) -> None:
    reason = reason_withheld("output/a.csv", 1, table)
    assert (reason is None) if words is None else (reason is not None and words in reason)


@pytest.mark.parametrize("columns", [("patient_id;age",), ("age\tpatient_id",), ("patient_id|age",)])
def test_a_column_of_patients_is_seen_whatever_separates_columns(columns: tuple[str, ...]) -> None:
    """Studies also write semicolons and tabs, and then the whole header is one column to a reader of commas."""
    assert reason_withheld("output/a.csv", 1, TableFacts(rows=1, columns=columns)) is not None


WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "Patient_ID")


@pytest.mark.parametrize(
    "name",
    [
        *("patient_id", "PATIENT_ID", "Patient ID", "patient-id", "patientid", "PatientId", "patient.id"),
        *("patient\u00a0id", "\ufeffpatient_id", "pat\u200bient_id", "patient\u2010id", WIDE),
        *("'patient_id'", "`patient_id`", "patient\\_id"),
    ],
)
def test_patient_id_is_known_in_all_its_spellings(name: str) -> None:
    assert levels.says_patient_id(name)
    assert levels.names_patients(name)
    assert levels.names_patients(f"age;{name};sex")
    assert reason_withheld("output/a.csv", 1, TableFacts(columns=("age", name))) is not None


@pytest.mark.parametrize(
    "name", ["", "patient", "id", "patients_id", "patient_ids", "n_patient_id", "patient_id_count", "inpatient_id", "é"]
)
def test_other_names_are_not_patient_id(name: str) -> None:
    assert not levels.says_patient_id(name)
    assert not levels.names_patients(f"age,{name}")


@given(name=st.text())
def test_any_text_is_a_name_or_not(name: str) -> None:
    if levels.says_patient_id(name):
        assert levels.names_patients(name)


def test_patients_named_within_a_file_withhold_it() -> None:
    reason = reason_withheld("output/a.html", 1, TableFacts(rows=6000, patients=True))
    assert reason == "It has a column patient_id, so it may hold one row for each patient."


def test_a_short_log_is_shown_whole() -> None:
    assert levels.shown_log(b"") == ""
    assert levels.shown_log("größe\n") == "größe\n"
    assert levels.shown_log(b"a\n" * 5000) == "a\n" * 5000
    assert levels.shown_log(b"\xff\n") == "\ufffd\n"


def test_a_long_log_is_shown_from_the_beginning_of_a_line() -> None:
    shown = levels.shown_log(b"".join(b"line %d\n" % number for number in range(100)), most=20)
    assert shown == "[... 774 bytes of log left out here ...]\nline 98\nline 99\n"


@pytest.mark.parametrize("most", range(7, 13))
def test_a_log_is_cut_where_a_line_begins_even_at_the_bound_itself(most: int) -> None:
    shown = levels.shown_log(b"first\nsecond\nthird\n", most=most)
    assert shown == "[... 13 bytes of log left out here ...]\nthird\n"


def test_a_line_longer_than_what_is_shown_is_cut_between_characters() -> None:
    assert levels.shown_log("é" * 100, most=5).endswith("here ...]\néé")
    assert levels.shown_log("10%\r20%\r30%\r\n", most=8).endswith("here ...]\n30%\r\n")


def test_what_was_left_out_before_is_counted() -> None:
    assert levels.shown_log(b"end\n", omitted=12_345) == "[... 12,345 bytes of log left out here ...]\nend\n"
    assert levels.shown_log(b"a\nend\n", omitted=10, most=4).startswith("[... 12 bytes")


@given(log=st.binary(max_size=200), most=st.integers(1, 250))
def test_the_end_of_any_log_is_shown_within_the_bound(log: bytes, most: int) -> None:
    shown = levels.shown_log(log, most=most)
    notice, _, rest = shown.partition("here ...]\n") if len(log) > most else ("", "", shown)
    assert log.decode(errors="replace").endswith(rest) or b"\xff" in rest.encode() or "\ufffd" in rest
    if len(log) > most:
        left_out = int(notice.split()[1].replace(",", ""))
        assert len(log) - most <= left_out <= len(log)
        assert log[left_out:].decode(errors="replace") == rest


@given(
    path=st.text(min_size=1),
    size=st.integers(0, 2 * MAX_SIZE),
    rows=st.one_of(st.none(), st.integers(0, 2 * MAX_ROWS)),
    columns=st.one_of(st.none(), st.lists(st.text()).map(tuple)),
    error=st.one_of(st.none(), st.text(min_size=1)),
)
def test_nothing_that_breaks_a_rule_passes(
    path: str, size: int, rows: int | None, columns: tuple[str, ...] | None, error: str | None
) -> None:
    reason = reason_withheld(path, size, TableFacts(rows, columns, error))
    if reason is None:
        assert path.rpartition(".")[2].lower() in VIEWABLE_TYPES
        assert size <= MAX_SIZE
        assert error is None
        assert rows is None or rows <= MAX_ROWS
        assert not columns or "patient_id" not in columns
    else:
        assert reason.endswith(".")


@pytest.mark.parametrize("level", [Level.HIGHLY, Level.MINIMALLY])
@pytest.mark.parametrize("message", [None, "It is large."])
def test_only_moderately_sensitive_outputs_may_be_viewed(level: Level, message: str | None) -> None:
    answer = levels.can_view(an_output(level, message))
    assert not answer.allowed
    assert str(level) in answer.reason


def test_a_moderately_sensitive_output_may_be_viewed_unless_it_is_withheld() -> None:
    assert levels.can_view(an_output(Level.MODERATELY)).allowed
    answer = levels.can_view(an_output(Level.MODERATELY, "It has 6000 rows."))
    assert answer == levels.Answer(False, "It has 6000 rows.")


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("message", [None, "It is large."])
def test_the_check_says_what_the_question_answers(level: Level, message: str | None) -> None:
    output = an_output(level, message)
    answer = levels.can_view(output)
    if answer.allowed:
        levels.check_view(output)
        return
    with pytest.raises(OutputRefused) as caught:
        levels.check_view(output)
    assert answer.reason in str(caught.value)
    assert output.path in str(caught.value)
