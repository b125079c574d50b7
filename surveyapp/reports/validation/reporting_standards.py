"""What reporting standards ask of a method section beyond the procedure: known, or said not to be."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.document import ScaleValidation, Settings
from analysis.scale.sections.careless import CarelessSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.sections.sample_size import SampleSizeSection
from surveyapp.reports.document import Paragraph, Styled
from surveyapp.reports.origin import recruitment, software
from surveyapp.reports.validation import sample_size
from surveyapp.reports.validation.part import ValidationStudy
from surveyapp.results.losses import left_out

DEFAULTS = {
    "estimator": ("ML", "the estimator is {}"),
    "missing": ("listwise", "missing answers are treated by {}"),
    "likelihood": ("normal", "the likelihood is {}"),
    "efa_method": ("minres", "extraction is by {}"),
    "efa_rotation": ("oblimin", "rotation is {}"),
    "draws": (500, "parallel analysis has {} draws"),
    "reps": (2000, "bootstraps have {} resamples"),
    "cutoffs": (0, "dynamic cut-offs have {} samples a level"),
}


def paragraphs(study: ValidationStudy) -> Iterator[Paragraph]:
    """Recruitment, exclusions, sample size, levels, software and departures from the defaults."""
    document = study.document
    for headline, text in (
        *recruitment(study),
        ("Exclusions.", _exclusions(document)),
        ("Sample size.", _sample_size(document)),
        ("Inference.", _inference(document.settings)),
        ("Software.", software(document.versions)),
        ("Departures from the defaults.", _departures(document.settings)),
    ):
        yield Paragraph((Styled(headline), f" {text}"))


def _exclusions(document: ScaleValidation) -> str:
    sample, careless = document.get(SampleSection), document.get(CarelessSection)
    said = []
    if sample is not None and sample.dropped is not None:
        lost = left_out(sample.dropped, sample.n_rows)
        said.append(f"From the confirmatory model {lost}.")
    if careless is not None:
        signs = "respondent shows" if careless.n_flagged == 1 else "respondents show"
        said.append(
            f"{careless.n_flagged:,} {signs} a sign of careless answering and none was left out for it."
        )
    said.append("Whether answers were left out before the analysis is not known to it.")
    return " ".join(said)


def _sample_size(document: ScaleValidation) -> str:
    section = document.get(SampleSizeSection)
    known = "" if section is None else f" {sample_size.sentences(section)}"
    return f"A sample size planned in advance is not known to the analysis.{known}"


def _inference(settings: Settings) -> str:
    groups = " and of the steps of invariance" if settings.group else ""
    return (
        "Tests are at the .05 level; those of single parameters are two-sided, chi-square tests of "
        f"models{groups} have one tail by nature. Intervals are of 95%, that of RMSEA of 90%. P values "
        "are not corrected for their number."
    )


def _departures(settings: Settings) -> str:
    said = []
    for name, (default, text) in DEFAULTS.items():
        value = getattr(settings, name)
        if value != default:
            said.append(text.format(f"{value:,}" if isinstance(value, int) else value))
    if not said:
        return "None."
    joined = "; ".join(said)
    return f"{joined[:1].upper()}{joined[1:]}."
