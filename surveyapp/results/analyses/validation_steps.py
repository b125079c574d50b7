"""The steps of a scale validation by their proper names, wherever a step is named to people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from surveyapp.i18n.words import ENGLISH, Words, msg

# By the name of the step's module in analysis.scale.sections.
STEP_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "adequacy": msg("Sampling adequacy"),
        "alpha_check": msg("Independent check of alpha"),
        "bifactor": msg("Bifactor model"),
        "careless": msg("Careless answers"),
        "cfa": msg("Confirmatory factor analysis"),
        "check": msg("Independent check"),
        "dynamic_cutoffs": msg("Dynamic cut-offs of fit"),
        "efa": msg("Exploratory factor analysis"),
        "factor_count": msg("Number of factors"),
        "fornell_larcker": msg("Fornell-Larcker criterion"),
        "general_factor": msg("General factor"),
        "htmt": msg("HTMT"),
        "htmt_intervals": msg("HTMT with intervals"),
        "invariance": msg("Measurement invariance"),
        "items": msg("Items"),
        "keying": msg("Direction of items"),
        "matrices": msg("Correlations of the items"),
        "method_variance": msg("Common method variance"),
        "missing": msg("Missing answers"),
        "missing_comparison": msg("Missing answers"),
        "normality": msg("Multivariate normality"),
        "purification": msg("Purification of the scale"),
        "reliability": msg("Reliability"),
        "rivals": msg("Rival models"),
        "sample": msg("Sample"),
        "sample_size": msg("Sample size"),
        "second_order": msg("Second-order model"),
        "wording": msg("Wording of the items"),
    }
)


def step_named(step: str, words: Words = ENGLISH) -> str:
    """What people call a step of a validation; one of a stored document that is no step here any more, as
    it is stored."""
    if step == "esem":
        return words.name("ESEM")  # in every language
    return words.say(STEP_NAMES[step]) if step in STEP_NAMES else words.name(step)
