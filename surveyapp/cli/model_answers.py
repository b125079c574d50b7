"""The file that a model is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from surveyapp.cli.models import names_in
from surveyapp.results.analyses.lonely_values import refuse_lonely
from surveyapp.results.analyses.tables import AnswerFile, read_table
from surveyapp.tables.options import ReadOptions


def model_answers(
    file: Path,
    text: str,
    reading: ReadOptions,
    *,
    values_ok: bool,
    group: str | None = None,
    drawn: tuple[str | None, ...] = (),
    auxiliary: Sequence[str] = (),
) -> AnswerFile:
    """The file's answers under the names of the model, none of whose items holds a missing code.

    ``drawn``: the columns with the rows' weights and clusters, where there are any; ``auxiliary`` those
    that tell of missing cells.
    """
    used = [*names_in(text), *auxiliary]
    answers = read_table(file, reading).named([*used, *filter(None, [group, *drawn])])
    if not values_ok:
        refuse_lonely(answers, [name for name in used if name in answers.frame.columns])
    return answers
