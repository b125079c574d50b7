"""What reporting standards ask of a method section beyond the procedure: known, or said not to be."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.document import ScaleValidation, Settings
from analysis.scale.sections.careless import CarelessSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.sections.sample_size import SampleSizeSection
from surveyapp.i18n.words import Words, msg
from surveyapp.reports.document import Paragraph, Styled
from surveyapp.reports.origin import recruitment, software
from surveyapp.reports.validation import sample_size
from surveyapp.reports.validation.part import ValidationStudy
from surveyapp.results.analyses.losses import left_out

DEFAULTS = {
    "estimator": ("ML", msg("the estimator is {value}")),
    "missing": ("listwise", msg("missing answers are treated by {value}")),
    "likelihood": ("normal", msg("the likelihood is {value}")),
    "efa_method": ("minres", msg("extraction is by {value}")),
    "efa_rotation": ("oblimin", msg("rotation is {value}")),
    "draws": (500, msg("parallel analysis has {value} draws")),
    "reps": (2000, msg("bootstraps have {value} resamples")),
    "cutoffs": (0, msg("dynamic cut-offs have {value} samples a level")),
    "esem": (False, msg("the model is compared with ESEM")),
}


def paragraphs(study: ValidationStudy) -> Iterator[Paragraph]:
    """Recruitment, exclusions, sample size, levels, software and departures from the defaults."""
    document, words = study.document, study.words
    for headline, text in (
        *recruitment(study, words),
        (words.say("Exclusions."), _exclusions(document, words)),
        (words.say("Sample size."), _sample_size(document, words)),
        (words.say("Inference."), _inference(document.settings, words)),
        (words.say("Software."), software(document.versions, words)),
        (words.say("Departures from the defaults."), _departures(document.settings, words)),
    ):
        yield Paragraph((Styled(headline), f" {text}"))


def _exclusions(document: ScaleValidation, words: Words) -> str:
    sample, careless = document.get(SampleSection), document.get(CarelessSection)
    said = []
    if sample is not None and sample.dropped is not None:
        lost = left_out(sample.dropped, sample.n_rows, words)
        said.append(words.say("From the confirmatory model {lost}.", lost=lost))
    if careless is not None:
        said.append(
            words.say_count(
                "{n} respondent shows a sign of careless answering and none was left out for it.",
                "{n} respondents show a sign of careless answering and none was left out for it.",
                n=careless.n_flagged,
            )
        )
    said.append(words.say("Whether answers were left out before the analysis is not known to it."))
    return " ".join(said)


def _sample_size(document: ScaleValidation, words: Words) -> str:
    section = document.get(SampleSizeSection)
    said = words.say("A sample size planned in advance is not known to the analysis.")
    return said if section is None else f"{said} {sample_size.sentences(section, words)}"


def _inference(settings: Settings, words: Words) -> str:
    tests = (
        msg(
            "Tests are at the .05 level; those of single parameters are two-sided, chi-square tests of"
            " models and of the steps of invariance have one tail by nature."
        )
        if settings.group
        else msg(
            "Tests are at the .05 level; those of single parameters are two-sided, chi-square tests of"
            " models have one tail by nature."
        )
    )
    intervals = words.say(
        "Intervals are of 95%, that of RMSEA of 90%. P values are not corrected for their number."
    )
    return f"{words.say(tests)} {intervals}"


def _departures(settings: Settings, words: Words) -> str:
    said = []
    for name, (default, text) in DEFAULTS.items():
        value = getattr(settings, name)
        if value != default:
            shown = words.number(value) if isinstance(value, int) else words.name(value)
            said.append(words.say(text, value=shown))
    return f"{words.begun('; '.join(said))}." if said else words.say("None.")
