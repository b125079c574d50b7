"""Which kinds of report can be written in which languages.

A kind offers a language where its catalogue has every message that the kind's files say; a kind whose
files still write English by themselves offers English alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.errors import Invalid
from surveyapp.i18n.languages import own_name
from surveyapp.i18n.report_languages import REPORT_LANGUAGES
from surveyapp.i18n.report_messages import lacking
from surveyapp.i18n.words import ENGLISH

_FORMATS = (
    "surveyapp.i18n.words",
    "surveyapp.reports.document",
    "surveyapp.reports.typesetting.pdf",
    "surveyapp.reports.formats.slides",
    "surveyapp.reports.formats.web_page",
    "surveyapp.reports.formats.word_parts",
    "surveyapp.reports.formats.word_report",
)
_FIGURES = (
    "surveyapp.responses.facets",
    "surveyapp.results.invariance.comparability_phrases",
    "surveyapp.results.findings",
    "surveyapp.results.phrases",
    "surveyapp.results.scale_titles",
    "surveyapp.results.targets.standing",
    "surveyapp.results.targets.phrases",
    "surveyapp.results.invariance.time_verdict_phrases",
    "surveyapp.results.view_models",
)
_RESULTS = (
    "surveyapp.results.drivers.association_phrases",
    "surveyapp.results.funnels.rate_phrases",
    *_FIGURES,
)
# The chapters of a journey's scores, its changes and the method.
_CHAPTERS = (
    "surveyapp.reports.charts.dots",
    "surveyapp.reports.journeys.comparisons",
    "surveyapp.reports.charts.limit_lines",
    "surveyapp.reports.journeys.notes",
    "surveyapp.reports.journeys.scores",
    "surveyapp.reports.tested",
    "surveyapp.reports.charts.trend_charts",
    "surveyapp.results.control_limits",
    "surveyapp.results.definition_phrases",
    "surveyapp.results.invariance.segment_verdict_phrases",
    "surveyapp.results.invariance.wordings",
)
# The files whose messages a kind says; a test compares them with what the kind imports.
SAID_BY: Mapping[str, tuple[str, ...]] = {
    "executive": (
        "surveyapp.reports.journeys.executive",
        "surveyapp.results.weights.phrases",
        *_RESULTS,
        *_FORMATS,
    ),
    "sjq_study": (
        "surveyapp.reports.apa",
        "surveyapp.reports.bibliography",
        "surveyapp.reports.projects.measured_models",
        "surveyapp.reports.origin",
        "surveyapp.reports.charts.path_diagram",
        "surveyapp.reports.charts.research_charts",
        "surveyapp.reports.respondents",
        "surveyapp.reports.rules_told",
        "surveyapp.reports.significance",
        "surveyapp.reports.studies.study",
        "surveyapp.reports.studies.study_charts",
        "surveyapp.reports.studies.study_tables",
        "surveyapp.responses.facets",
        "surveyapp.results.analyses.losses",
        "surveyapp.results.scale_titles",
        "surveyapp.results.targets.standing",
        "surveyapp.results.analyses.study_phrases",
        "surveyapp.results.view_models",
        *_FORMATS,
    ),
    "partner": (
        "surveyapp.reports.journeys.partner",
        "surveyapp.reports.charts.share_charts",
        "surveyapp.reports.journeys.weighted",
        "surveyapp.results.answers.answer_shares",
        "surveyapp.results.weights.phrases",
        *_CHAPTERS,
        *_FIGURES,
        *_FORMATS,
    ),
    "validation": (
        "surveyapp.reports.apa",
        "surveyapp.reports.bibliography",
        "surveyapp.reports.projects.measured_models",
        "surveyapp.reports.origin",
        "surveyapp.reports.charts.path_diagram",
        "surveyapp.reports.charts.research_charts",
        "surveyapp.reports.respondents",
        "surveyapp.reports.rules_told",
        "surveyapp.reports.significance",
        "surveyapp.reports.validation.adequacy",
        "surveyapp.reports.validation.alpha_check",
        "surveyapp.reports.validation.bifactor",
        "surveyapp.reports.validation.careless",
        "surveyapp.reports.validation.cfa",
        "surveyapp.reports.validation.charts",
        "surveyapp.reports.validation.check",
        "surveyapp.reports.validation.content",
        "surveyapp.reports.validation.criteria",
        "surveyapp.reports.validation.dynamic_cutoffs",
        "surveyapp.reports.validation.efa",
        "surveyapp.reports.validation.esem",
        "surveyapp.reports.validation.factor_count",
        "surveyapp.reports.validation.fornell_larcker",
        "surveyapp.reports.validation.general_factor",
        "surveyapp.reports.validation.htmt",
        "surveyapp.reports.validation.htmt_intervals",
        "surveyapp.reports.validation.invariance",
        "surveyapp.reports.validation.items",
        "surveyapp.reports.validation.keying",
        "surveyapp.reports.validation.matrices",
        "surveyapp.reports.validation.method",
        "surveyapp.reports.validation.method_variance",
        "surveyapp.reports.validation.missing",
        "surveyapp.reports.validation.missing_comparison",
        "surveyapp.reports.validation.normality",
        "surveyapp.reports.validation.part",
        "surveyapp.reports.validation.purification",
        "surveyapp.reports.validation.reliability",
        "surveyapp.reports.validation.reporting_standards",
        "surveyapp.reports.validation.reproducibility",
        "surveyapp.reports.validation.rivals",
        "surveyapp.reports.validation.sample",
        "surveyapp.reports.validation.sample_size",
        "surveyapp.reports.validation.second_order",
        "surveyapp.reports.validation.summary",
        "surveyapp.reports.validation.wording",
        "surveyapp.responses.facets",
        "surveyapp.results.analyses.losses",
        "surveyapp.results.scale_titles",
        "surveyapp.results.targets.standing",
        "surveyapp.results.analyses.study_phrases",
        "surveyapp.results.analyses.validation_phrases",
        "surveyapp.results.analyses.validation_steps",
        "surveyapp.results.view_models",
        *_FORMATS,
    ),
    "privacy": (
        "surveyapp.reports.privacy.assessment",
        "surveyapp.reports.privacy.content",
        "surveyapp.reports.privacy.records",
        "surveyapp.reports.privacy.written",
        "surveyapp.responses.facets",
        *_FORMATS,
    ),
    "scale_evidence": (
        "surveyapp.reports.apa",
        "surveyapp.reports.bibliography",
        "surveyapp.reports.scale_development.evidence",
        "surveyapp.reports.scale_development.pilots",
        "surveyapp.reports.scale_development.rounds",
        "surveyapp.results.analyses.study_phrases",
        "surveyapp.results.analyses.validation_phrases",
        "surveyapp.scale_development.judgements",
        *_FORMATS,
    ),
    "benchmark": (
        "surveyapp.journeys.map_lanes",
        "surveyapp.reports.journeys.actions_done",
        "surveyapp.reports.journeys.annex",
        "surveyapp.reports.apa",
        "surveyapp.reports.journeys.associations",
        "surveyapp.reports.journeys.benchmark",
        "surveyapp.reports.journeys.benchmark_sets",
        "surveyapp.reports.bibliography",
        "surveyapp.reports.journeys.channel_paths",
        "surveyapp.reports.journeys.chosen",
        "surveyapp.reports.journeys.drivers",
        "surveyapp.reports.journeys.journey_map",
        "surveyapp.reports.journeys.targets",
        "surveyapp.reports.journeys.weighted",
        "surveyapp.results.benchmarks.benchmarks",
        "surveyapp.results.funnels.channel_path_json",
        "surveyapp.results.funnels.channel_paths",
        "surveyapp.results.registered_changes.effect_phrases",
        "surveyapp.results.maps.emotion_phrases",
        "surveyapp.results.maps.words",
        "surveyapp.results.targets.metrics",
        "surveyapp.results.targets.rows",
        "surveyapp.results.weights.phrases",
        *_CHAPTERS,
        *_RESULTS,
        *_FORMATS,
    ),
}


def offered(kind: str) -> tuple[str, ...]:
    """The languages that a kind of report can be written in, English first."""
    places = {f"{module.replace('.', '/')}.py" for module in SAID_BY.get(kind, ())}
    others = [
        language
        for language in REPORT_LANGUAGES
        if language != ENGLISH.language and places and not places & lacking(language)
    ]
    return (ENGLISH.language, *others)


def all_offered() -> tuple[str, ...]:
    """The languages that some kind of report can be written in, English first."""
    found = dict.fromkeys(each for kind in SAID_BY for each in offered(kind))
    return tuple(found) or (ENGLISH.language,)


def check_language(kind: str, language: str, *, named: str) -> None:
    """Raise Invalid where the kind of report, here by its name, cannot be written in the language."""
    if language not in offered(kind):
        can = ", ".join(own_name(each) for each in offered(kind))
        raise Invalid(
            f"{named} cannot be written in {own_name(language)}; choose {can}",
            field="report_language",
        )
