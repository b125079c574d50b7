"""A model's program for R, with what is known of the file that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveyapp.store.models import Project

_READS = "data <- read.csv("
# Scores and signs of carelessness keep their whole names: a score is called as a model's factor may be.
_SHORT = (
    "# Exported items and attributes, such as sjq.per3 and attribute.region, by their own names:",
    'names(data) <- sub("^(?!(score|careless)[.])[^.]+[.]", "", names(data), perl = TRUE)',
)


def program_of(text: str, project: Project, steps: Sequence[Mapping[str, Any]]) -> str:
    """The program, saying whose answers its file holds and which ``steps`` were taken on them before.

    Responses of one survey as they are exported fit to it as they are; other answers need the names of the
    project's codebook.
    """
    lines = list(_said(project, steps))
    for line in text.splitlines():
        lines.append(line)
        if project.survey_id is not None and line.startswith(_READS):
            lines += _SHORT
    return "\n".join(lines) + "\n"


def _said(project: Project, steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if project.file_reading:
        yield f"# data.csv: the rows of {_one_line(project.file_name)}, as CSV, with the codebook's names"
    elif project.survey is None:
        yield "# data.csv: the journey's answers, a row a customer, with the names of the project's codebook"
    else:
        flagged = ", without flagged ones" if project.without_flagged else ""
        segment = f" of {_one_line(project.segment.name)}" if project.segment else ""
        yield f"# data.csv: exported responses{segment} to {_one_line(project.survey.name)}{flagged}, as CSV"
    for number, step in enumerate(steps, start=1):
        rows = f"{step['before']:,} to {step['after']:,} rows"
        yield f"# step {number}, to be taken on data before the fit: {_one_line(step['text'])} ({rows})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
