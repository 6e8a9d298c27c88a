from __future__ import annotations

from jupyter_pipeline.errors import InvalidAddition, InvalidProject, InvalidRequest, PipelineError
from jupyter_pipeline.models import Problem

PROBLEM = Problem("needs-unknown", "There is no action b.", "Take it out of needs.", line=4)


def test_an_error_says_what_is_wrong_and_how_to_mend_it() -> None:
    assert str(PipelineError("It is broken.", "Mend it.")) == "It is broken. Mend it."
    assert str(PipelineError("It is broken.")) == "It is broken."


def test_a_project_with_problems_says_how_many_and_where_to_read_them() -> None:
    error = InvalidProject([PROBLEM, PROBLEM])
    assert error.message == "project.yaml has 2 problems."
    assert error.problems == (PROBLEM, PROBLEM)
    assert "jupyter pipeline check" in error.remedy


def test_a_notebook_is_shown_sentences_and_lines_and_no_traceback() -> None:
    assert InvalidProject([PROBLEM])._render_traceback_() == [
        "InvalidProject: project.yaml has 1 problem.",
        "`jupyter pipeline check` lists them with line, cause and cure.",
        "  line 4: There is no action b. Take it out of needs.",
    ]


def test_a_problem_that_the_message_tells_is_told_once() -> None:
    error = InvalidAddition("It cannot be added: There is no action b.", "Name one that is there.", [PROBLEM])
    assert isinstance(error, InvalidRequest)
    assert len(error._render_traceback_()) == 2
