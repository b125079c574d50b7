"""The file that a model is fitted to."""

from __future__ import annotations

from pathlib import Path

from surveyapp.cli.models import names_in
from surveyapp.results.lonely_values import refuse_lonely
from surveyapp.results.tables import AnswerFile, read_table
from surveyapp.tables.options import ReadOptions


def model_answers(
    file: Path,
    text: str,
    reading: ReadOptions,
    *,
    values_ok: bool,
    group: str | None = None,
    drawn: tuple[str | None, ...] = (),
) -> AnswerFile:
    """The file's answers under the names of the model, none of whose items holds a missing code.

    ``drawn``: the columns with the rows' weights and clusters, where there are any.
    """
    answers = read_table(file, reading).named([*names_in(text), *filter(None, [group, *drawn])])
    if not values_ok:
        refuse_lonely(answers, [name for name in names_in(text) if name in answers.frame.columns])
    return answers
