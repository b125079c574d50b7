"""Where an analysis has its answers from, and the programs that computed it, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.results import phrases


def recruitment(file: str | None, survey: str | None, segment: str | None) -> str:
    """Whose answers these are; what the analysis does not know of how they came about."""
    if file is not None:
        return (
            f"The answers were read from the file {file}. How the respondents were recruited, when "
            "and where they answered, how many were invited and how many of them did not answer is "
            "not known to the analysis."
        )
    asked = f"the survey {phrases.named(survey)}" if survey else "all surveys of the journey"
    whom = f"customers of the segment {phrases.named(segment)}" if segment else "all customers"
    return (
        f"The answers of {whom} to {asked} were used. Response rate and dates of each survey stand in "
        "the benchmark report; who did not answer, and why, is not known to the analysis."
    )


def software(versions: Mapping[str, str]) -> str:
    """Programs with their versions."""
    listed = [f"{_PROGRAMS.get(name, name)} {number}" for name, number in versions.items()]
    return f"{phrases.listed(listed)}." if listed else "The versions are not known."


_PROGRAMS = {"python": "Python", "numpy": "NumPy", "scipy": "SciPy"}
