"""How a validation was computed, and the instrument that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.document import ScaleValidation, Settings
from analysis.scale.sections.cfa import CfaSection
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.bibliography import cited, told
from surveyapp.reports.document import Block, Callout, Heading, Paragraph, Tone
from surveyapp.reports.validation.part import ValidationStudy
from surveyapp.reports.validation.wording import plain_list

_MODEL = {
    "listwise": msg(
        "The confirmatory model was estimated by {estimation}, respondents with a missing answer left out,"
        " and compared with an independence model, a one-factor model and every model that joins two of"
        " the factors."
    ),
    "fiml": msg(
        "The confirmatory model was estimated by {estimation}, all answers used by full information"
        " maximum likelihood, and compared with an independence model, a one-factor model and every model"
        " that joins two of the factors."
    ),
}
_ESTIMATIONS = {
    "MLR": msg("maximum likelihood with robust standard errors and test statistic (MLR)"),
    "MLM": msg("maximum likelihood with the Satorra-Bentler correction (MLM)"),
    "WLSMV": msg("diagonally weighted least squares for ordered answers (WLSMV)"),
}
_ML = {
    "normal": msg("maximum likelihood (ML) with the normal (N) likelihood"),
    "wishart": msg("maximum likelihood (ML) with the Wishart (N - 1) likelihood"),
}


def procedure(validation: ScaleValidation, words: Words = ENGLISH) -> str:
    """The methods in the order in which they were used."""
    settings, cfa = validation.settings, validation.get(CfaSection)
    parts = [
        words.say(
            "Sampling adequacy was examined with the Kaiser-Meyer-Olkin measure and Bartlett's test; the"
            " number of factors with parallel analysis {work}; {draws} draws, 95th percentile) and"
            " Velicer's minimum average partial.",
            work=cited("horn-1965")[:-1],
            draws=words.number(settings.draws),
        ),
        words.say(
            "Exploratory factor analysis used {method} extraction with {rotation} rotation.",
            method=words.name(settings.efa_method),
            rotation=words.name(settings.efa_rotation),
        ),
    ]
    if cfa is not None:
        parts.append(
            words.say(_MODEL[settings.missing], estimation=_estimation(cfa, settings, words))
        )
    parts.append(
        words.say(
            "Reliability is Cronbach's alpha with Feldt's interval, McDonald's omega and composite"
            " reliability; discriminant validity follows {fornell} and the heterotrait-monotrait ratio of"
            " {henseler}.",
            fornell=told("fornell-1981", words),
            henseler=told("henseler-2015", words),
        )
    )
    if settings.group:
        parts.append(
            words.say(
                "Invariance between groups by {groups} was examined step by step {work}.",
                groups=plain_list(settings.group, words),
                work=cited("vandenberg-2000"),
            )
        )
    parts.append(_threats(settings, words))
    return " ".join(parts)


def _estimation(cfa: CfaSection, settings: Settings, words: Words) -> str:
    if cfa.estimator == "ML":
        return words.say(_ML[settings.likelihood])
    said = _ESTIMATIONS.get(cfa.estimator)
    return words.say(said) if said else cfa.estimator


def _threats(settings: Settings, words: Words) -> str:
    named = [words.say("Harman's test"), words.say("full collinearity")]
    named += [words.say("a marker variable")] if settings.marker else []
    if settings.estimator != "WLSMV":
        named.append(words.say("an unmeasured latent method factor"))
    said = (
        msg(
            "Common method variance was examined with {tests}; careless answering with long runs of one"
            " answer, the spread of answers, Mahalanobis distances, and the time taken."
        )
        if settings.seconds
        else msg(
            "Common method variance was examined with {tests}; careless answering with long runs of one"
            " answer, the spread of answers, Mahalanobis distances."
        )
    )
    return words.say(said, tests=words.listed(named))


def instrument(study: ValidationStudy) -> Iterator[Block]:
    """Citation and note of the instrument; nothing for a model of one's own."""
    settings, words = study.document.settings, study.words
    if settings.instrument is None:
        return
    found = study.library.load(settings.instrument, settings.instrument_version)
    yield Heading(words.say("The instrument"), level=2)
    yield Paragraph(found.citation, Tone.REFERENCE)
    if found.note:
        yield Callout(words.say("About the wording"), found.note)
