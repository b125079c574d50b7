"""How a validation was computed, and the instrument that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.document import ScaleValidation, Settings
from analysis.scale.sections.cfa import CfaSection
from surveyapp.reports.bibliography import cited, told
from surveyapp.reports.document import Block, Callout, Heading, Paragraph, Tone
from surveyapp.reports.validation.part import ValidationStudy
from surveyapp.reports.validation.wording import plain_list
from surveyapp.results import phrases

_MISSING = {
    "listwise": "respondents with a missing answer left out",
    "fiml": "all answers used by full information maximum likelihood",
}
_LIKELIHOODS = {"normal": "normal (N)", "wishart": "Wishart (N - 1)"}


def procedure(validation: ScaleValidation) -> str:
    """The methods in the order in which they were used."""
    settings, cfa = validation.settings, validation.get(CfaSection)
    parts = [
        "Sampling adequacy was examined with the Kaiser-Meyer-Olkin measure and Bartlett's test; the "
        "number of factors with parallel analysis "
        f"{cited('horn-1965')[:-1]}; {settings.draws:,} draws, 95th percentile) and Velicer's minimum average partial.",
        f"Exploratory factor analysis used {settings.efa_method} extraction with "
        f"{settings.efa_rotation} rotation.",
    ]
    if cfa is not None:
        parts.append(
            f"The confirmatory model was estimated by {_estimation(cfa, settings)}, "
            f"{_MISSING[settings.missing]}, and compared with an independence model, a one-factor "
            "model and every model that joins two of the factors."
        )
    parts.append(
        "Reliability is Cronbach's alpha with Feldt's interval, McDonald's omega and composite "
        f"reliability; discriminant validity follows {told('fornell-1981')} and the "
        f"heterotrait-monotrait ratio of {told('henseler-2015')}."
    )
    if settings.group:
        parts.append(
            f"Invariance between groups by {plain_list(settings.group)} was examined step by step {cited('vandenberg-2000')}."
        )
    parts.append(_threats(settings))
    return " ".join(parts)


def _estimation(cfa: CfaSection, settings: Settings) -> str:
    named = {
        "ML": f"maximum likelihood (ML) with the {_LIKELIHOODS[settings.likelihood]} likelihood",
        "MLR": "maximum likelihood with robust standard errors and test statistic (MLR)",
        "MLM": "maximum likelihood with the Satorra-Bentler correction (MLM)",
        "WLSMV": "diagonally weighted least squares for ordered answers (WLSMV)",
    }
    return named.get(cfa.estimator, cfa.estimator)


def _threats(settings: Settings) -> str:
    named = ["Harman's test", "full collinearity"]
    named += ["a marker variable"] if settings.marker else []
    named += ["an unmeasured latent method factor"] if settings.estimator != "WLSMV" else []
    time = ", and the time taken" if settings.seconds else ""
    return (
        f"Common method variance was examined with {phrases.listed(named)}; careless answering with "
        f"long runs of one answer, the spread of answers, Mahalanobis distances{time}."
    )


def instrument(study: ValidationStudy) -> Iterator[Block]:
    """Citation and note of the instrument; nothing for a model of one's own."""
    settings = study.document.settings
    if settings.instrument is None:
        return
    found = study.library.load(settings.instrument, settings.instrument_version)
    yield Heading("The instrument", level=2)
    yield Paragraph(found.citation, Tone.REFERENCE)
    if found.note:
        yield Callout("About the wording", found.note)
