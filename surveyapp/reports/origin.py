"""Where an analysis has its answers from, and the programs that computed it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.reports import respondents
from surveyapp.reports.stored_study import Study
from surveyapp.results import phrases


def recruitment(study: Study[Any]) -> Iterator[tuple[str, str]]:
    """Headlines and sentences on whose answers these are, when they came and how many did not; what
    the analysis does not know of it.
    """
    if study.file is not None:
        yield (
            "Recruitment.",
            f"The answers were read from the file {study.file}. How the respondents were recruited, "
            "who they are, when and where they answered, how many were invited and how many of them "
            "did not answer is not known to the analysis.",
        )
        return
    asked = (
        f"the survey {phrases.named(study.survey)}"
        if study.survey
        else "all surveys of the journey"
    )
    whom = (
        f"customers of the segment {phrases.named(study.segment)}"
        if study.segment
        else "all customers"
    )
    used = f"The answers of {whom} to {asked} were used."
    found = study.fieldwork
    if found is None:
        yield (
            "Recruitment.",
            f"{used} Who the respondents are, when they answered and how many of those invited did "
            "not is not kept with this analysis.",
        )
        return
    yield "Recruitment.", f"{used} {respondents.dates(found)}"
    yield "Response rate.", respondents.response_rate(found)


def software(versions: Mapping[str, str]) -> str:
    """Programs with their versions."""
    listed = [f"{_PROGRAMS.get(name, name)} {number}" for name, number in versions.items()]
    return f"{phrases.listed(listed)}." if listed else "The versions are not known."


_PROGRAMS = {"python": "Python", "numpy": "NumPy", "scipy": "SciPy"}
