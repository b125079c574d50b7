"""A model's program for R reads exported responses by the names that its text has."""

from __future__ import annotations

import re

from surveyapp.results.projects.r_programs import program_of
from surveyapp.store.models import Project, SurveyRow

PROGRAM = 'library(lavaan)\ndata <- read.csv("data.csv")\nfit <- cfa(model, data)'


def project(**fields: object) -> Project:
    return Project(file_reading=None, segment=None, without_flagged=False, **fields)


def test_exported_columns_get_the_names_of_the_text_and_scores_keep_theirs():
    survey = SurveyRow(name="After\nopening")
    program = program_of(PROGRAM, project(survey_id=1, survey=survey), [])
    assert program.startswith("# data.csv: exported responses to After opening, as CSV\n")
    pattern = re.search(r'names\(data\) <- sub\("([^"]+)", ""', program)[1]
    exported = (
        "sjq.per3",
        "attribute.region",
        "scorecard.q1",
        "score.sjq.seamlessness",
        "careless.sjq",
    )
    named = [re.sub(pattern, "", name, count=1) for name in exported]
    assert named == ["per3", "region", "q1", "score.sjq.seamlessness", "careless.sjq"]
    reading, renaming = (program.index(each) for each in ("read.csv", "names(data)"))
    assert reading < renaming < program.index("cfa(")


def test_steps_are_named_on_one_line_each_and_other_answers_keep_their_names():
    step = {"text": "Leave out rows\nwith few answers", "before": 1_246, "after": 239}
    program = program_of(PROGRAM, project(survey_id=None, survey=None), [step])
    assert "names(data)" not in program and "the journey's answers" in program
    said = "# step 1, to be taken on data before the fit: Leave out rows with few answers"
    assert f"{said} (1,246 to 239 rows)\n" in program
