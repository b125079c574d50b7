"""Where an analysis has its answers from, and the programs that computed it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports import respondents
from surveyapp.reports.studies.stored_study import Study


def recruitment(study: Study[Any], words: Words = ENGLISH) -> Iterator[tuple[str, str]]:
    """Headlines and sentences on whose answers these are, when they came and how many did not; what
    the analysis does not know of it.
    """
    if study.file is not None:
        yield (
            words.say("Recruitment."),
            words.say(
                "The answers were read from the file {file}. How the respondents were recruited, who they"
                " are, when and where they answered, how many were invited and how many of them did not"
                " answer is not known to the analysis.",
                file=words.name(study.file),
            ),
        )
        return
    used = _used(study, words)
    found = study.fieldwork
    if found is None:
        unknown = words.say(
            "Who the respondents are, when they answered and how many of those invited did not is not"
            " kept with this analysis."
        )
        yield words.say("Recruitment."), f"{used} {unknown}"
        return
    yield words.say("Recruitment."), f"{used} {respondents.dates(found, words)}"
    yield words.say("Response rate."), respondents.response_rate(found, words)


_USED = {
    (False, False): msg("The answers of all customers to all surveys of the journey were used."),
    (True, False): msg(
        "The answers of customers of the segment {segment} to all surveys of the journey were used."
    ),
    (False, True): msg("The answers of all customers to the survey {survey} were used."),
    (True, True): msg(
        "The answers of customers of the segment {segment} to the survey {survey} were used."
    ),
}


def _used(study: Study[Any], words: Words) -> str:
    said = _USED[bool(study.segment), bool(study.survey)]
    return words.say(
        said, segment=words.name(study.segment or ""), survey=words.name(study.survey or "")
    )


def software(versions: Mapping[str, str], words: Words = ENGLISH) -> str:
    """Programs with their versions."""
    listed = [f"{_PROGRAMS.get(name, name)} {number}" for name, number in versions.items()]
    return f"{words.listed(listed)}." if listed else words.say("The versions are not known.")


_PROGRAMS = {"python": "Python", "numpy": "NumPy", "scipy": "SciPy"}
