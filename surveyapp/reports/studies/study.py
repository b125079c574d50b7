"""The content of the service journey study's report, from its stored document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import count
from typing import Any

from analysis.digits import digits_beside
from instruments.loader import InstrumentError
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited, references, told
from surveyapp.reports.document import (
    Block,
    Callout,
    Cover,
    Document,
    Heading,
    Paragraph,
    Styled,
    Text,
    Tone,
)
from surveyapp.reports.origin import recruitment, software
from surveyapp.reports.projects.measured_models import label
from surveyapp.reports.respondents import characteristics_table
from surveyapp.reports.rules_told import changes_told, rules_named
from surveyapp.reports.significance import kept_significant
from surveyapp.reports.studies import study_charts
from surveyapp.reports.studies import study_tables as tables
from surveyapp.reports.studies.stored_study import Study
from surveyapp.results.analyses import study_phrases
from surveyapp.results.analyses.losses import imputed
from surveyapp.results.scale_titles import with_dimensions

KIND = msg("Service journey study")
TITLE = msg("Journey quality, service quality and loyalty")
VIF_CUT = 5.0
BOOTSTRAP = 5_000  # resamples where nothing else is asked for
_INSTRUMENTS = ("sjq", "servqual-p", "loyalty", "marker")
Section = Mapping[str, Any]


def content(asked: Study[Section], *, made: date, words: Words = ENGLISH) -> Document:
    """The report as a document."""
    document = asked.document
    words = with_dimensions(words, asked.library, _INSTRUMENTS)
    number = count(1)
    kind, journey = words.say(KIND), words.name(asked.journey)
    blocks: list[Block] = [
        *_summary(document, number, words),
        *changes_told(asked.rules, words),
        *_method(asked, number, words),
        *_measurement(document, number, words),
        *_structure(document, number, words),
        *_priorities(document, number, words),
        *_threats(document, number, words),
        *_beside(document, number, words),
        *_reproducibility(asked, words),
    ]
    whom = words.alone(asked.segment) if asked.segment else words.say("All customers")
    about = words.begin(words.joined([words.name(asked.provider), journey]))
    return Document(
        cover=Cover(kind, words.say(TITLE), f"{about}\n{whom}", _facts(asked, made, words)),
        blocks=[*blocks, *references(blocks, words)],
        subject=f"{kind}: {journey}",
        author=asked.provider,
        running=f"{kind}  ·  {journey}",
        made=made,
        words=words,
        keywords=("service journey quality", "service quality", "loyalty", "PLS-SEM"),
    )


def _facts(asked: Study[Section], made: date, words: Words) -> list[tuple[str, str]]:
    settings = asked.document["settings"]
    method = (
        msg("Composite model (PLS-SEM), second order by repeated items")
        if settings["higher_order"] == "repeated"
        else msg("Composite model (PLS-SEM)")
    )
    survey = words.say("all surveys of the journey")
    return [
        (words.say("Respondents"), words.begin(words.number(asked.document["sample"]["n"]))),
        (words.say("Method"), words.say(method)),
        (words.say("Resamples"), words.begin(words.number(settings["bootstrap"]))),
        (words.say("Source of the answers"), words.alone(asked.survey) if asked.survey else survey),
        (words.say("Computed on"), words.alone(words.day(asked.computed))),
        (words.say("Report created on"), words.alone(words.day(made))),
    ]


DESIGN = msg(
    "n = {n} respondents of one survey at one time. A supported hypothesis is an association in the"
    " expected direction; the opposite direction, a common cause or a common way of answering would look"
    " the same."
)
_SUPPORTED = {
    0: msg("None of the three hypotheses is supported."),
    1: msg("One of the three hypotheses is supported."),
    2: msg("Two of the three hypotheses are supported."),
    3: msg("All three hypotheses are supported."),
}


def lead(study: Section, words: Words = ENGLISH) -> str:
    """The result in one sentence."""
    return words.say(_SUPPORTED[sum(row["supported"] for row in study["hypotheses"])])


def _summary(document: Section, number: Iterator[int], words: Words) -> Iterator[Block]:
    study = document["study"]
    yield Heading(words.say("Summary"))
    yield Paragraph(lead(study, words), Tone.LEAD)
    yield Paragraph(words.say(DESIGN, n=words.number(study["n"])))
    sample = document["sample"]
    if sample["missing_cells"]:
        missing = imputed(sample["missing_cells"], sample["cells"], words)
        yield Paragraph((Styled(f"{words.begun(missing)}."),))
    yield tables.hypotheses(study, next(number), words)
    yield study_charts.model(document, words)
    if study["warnings"]:
        yield Heading(words.say("Warnings"), level=2)
        for warning in study_phrases.warnings(study, label, words):
            yield Paragraph(warning, Tone.BULLET)


def _method(asked: Study[Section], number: Iterator[int], words: Words) -> Iterator[Block]:
    document = asked.document
    sample, settings = document["sample"], document["settings"]
    yield Heading(words.say("Method"))
    missing = words.begun(imputed(sample["missing_cells"], sample["cells"], words))
    said = words.say(
        "{n} respondents rated the quality of their service journey ({journey_items} items:"
        " {dimensions}), the quality of the service ({service_items} items: {qualities}) and their"
        " loyalty ({loyalty_items} items).",
        n=words.number(sample["n"]),
        journey_items=words.number(_items(sample["journey"])),
        dimensions=_parts(sample["journey"], words),
        service_items=words.number(_items(sample["service"])),
        qualities=_parts(sample["service"], words),
        loyalty_items=words.number(len(sample["loyalty"])),
    )
    yield Paragraph(f"{said} {missing}.")
    yield Paragraph(
        words.say(
            "Two composite models were estimated by partial least squares with the {scheme} weighting"
            " scheme: a baseline model, in which journey quality leads to loyalty, and a full model with"
            " service quality between them. Dimensions are reflective (Mode A); journey quality and"
            " service quality are composed of their dimensions (Mode B), their indicators repeated, so"
            " that journey quality reaches service quality through each of its dimensions {becker}."
            " Intervals are percentiles of {n} bootstrap resamples. Common method variance was examined by"
            " Harman's test, the marker correlation {lindell} and a measured latent marker {chin}; the"
            " model's predictions by cross-validation {shmueli}. The procedure follows {work}.",
            scheme=_scheme(settings["scheme"], words),
            becker=cited("becker-2012"),
            n=words.number(settings["bootstrap"]),
            lindell=cited("lindell-2001"),
            chin=cited("chin-2013"),
            shmueli=cited("shmueli-2019"),
            work=told("jaakkola-2021", words),
        )
    )
    for headline, text in _standards(asked, words):
        yield Paragraph((Styled(headline), f" {text}"))
    if asked.fieldwork is not None and asked.fieldwork.characteristics:
        yield characteristics_table(asked.fieldwork, next(number), words)
    yield Heading(words.say("Instruments"), level=2)
    for code in _INSTRUMENTS[: 4 if sample["marker"] else 3]:
        try:
            instrument = asked.library.load(code)
        except InstrumentError:
            continue  # no longer installed; its citation went with it
        yield Paragraph(instrument.citation, Tone.REFERENCE)
        if instrument.note:
            yield Paragraph(instrument.note, Tone.NOTE)


_SCHEMES = {"path": msg("path"), "factorial": msg("factorial"), "centroid": msg("centroid")}


def _scheme(name: str, words: Words) -> str:
    return words.say(_SCHEMES[name]) if name in _SCHEMES else name


def _parts(groups: Mapping[str, Any], words: Words) -> str:
    if words.is_english:
        return words.listed(list(groups))
    return words.listed([words.inner(label(name, words)) for name in groups])


def _standards(asked: Study[Section], words: Words) -> Iterator[tuple[str, str]]:
    """What reporting standards ask of a method section beyond the procedure."""
    document = asked.document
    settings = document["settings"]
    used = (
        msg("All {n} respondents of the file are used.")
        if asked.file
        else msg(
            "All {n} respondents who answered every instrument are used; those who answered fewer are not"
            " counted here."
        )
    )
    yield from recruitment(asked, words)
    careless = words.say(
        "Careless answers were not looked for. Whether answers were left out before the analysis is not"
        " known to it."
    )
    n = words.number(document["sample"]["n"])
    yield words.say("Exclusions."), f"{words.say(used, n=n)} {careless}"
    yield (
        words.say("Sample size."),
        words.say(
            "A sample size planned in advance is not known to the analysis; where rules of thumb ask for"
            " more respondents than there are, the warnings say so."
        ),
    )
    yield (
        words.say("Inference."),
        words.say(
            "Intervals are of 95%; a hypothesis is supported when its interval lies above zero. P values"
            " are two-sided and not corrected for their number."
        ),
    )
    yield words.say("Software."), software(document["versions"], words)
    departures = (
        words.say("None.")
        if settings["bootstrap"] == BOOTSTRAP
        else words.say(
            "{n} bootstrap resamples instead of {usual}.",
            n=words.number(settings["bootstrap"]),
            usual=words.number(BOOTSTRAP),
        )
    )
    yield words.say("Departures from the defaults."), departures


def _items(groups: Mapping[str, Any]) -> int:
    return sum(len(items) for items in groups.values())


def _measurement(document: Section, number: Iterator[int], words: Words) -> Iterator[Block]:
    study, names = document["study"], study_charts.first_order(document)
    yield Heading(words.say("Measurement"))
    yield tables.reliability(study, names, next(number), words)
    yield tables.discriminant(study, names, next(number), words)
    fit = study["full"]["fit"]["saturated"]
    said = words.say(
        "SRMR of the saturated model is {srmr}. The largest variance inflation factor of dimensions and"
        " antecedents is {vif} (usual cut-off 5).",
        srmr=Apa(words).bounded(fit["srmr"], 3),
        vif=_vif(study["largest_vif"], words),
    )
    yield Paragraph(f"{said}{_of_items(study, words)}")
    if pairs := study_phrases.discriminant(study, label, words):
        yield Callout(words.say("Discriminant validity"), " ".join(pairs))


def _vif(value: float | None, words: Words) -> str:
    """The factor with the digits that keep it on its side of the cut-off."""
    return Apa(words).number(value, 2 if value is None else digits_beside(value, VIF_CUT, 2))


def _of_items(study: Section, words: Words) -> str:
    """The largest VIF of items; a study of an earlier version has none."""
    value = study.get("largest_item_vif")
    if value is None:
        return ""
    said = words.say(
        "Among the items of one construct the largest is {vif}; they are reflective, so that it says how"
        " alike they are, not that weights are unstable.",
        vif=Apa(words).number(value),
    )
    return f" {said}"


def _structure(document: Section, number: Iterator[int], words: Words) -> Iterator[Block]:
    study = document["study"]
    yield Heading(words.say("Structural model"))
    yield study_charts.baseline(document, words)
    yield study_charts.weights(document, words)
    yield tables.paths(study, next(number), words)
    yield tables.explained(study, next(number), words)
    yield tables.mediation(study, next(number), words)


def _priorities(document: Section, number: Iterator[int], words: Words) -> Iterator[Block]:
    study = document["study"]
    yield Heading(words.say("Improvement priorities"))
    yield study_charts.importance(document, words)
    yield tables.importance(study, next(number), words)
    yield tables.prediction(study, next(number), words)


def _threats(document: Section, number: Iterator[int], words: Words) -> Iterator[Block]:
    study = document["study"]
    yield Heading(words.say("Threats to validity"))
    harman = study["harman"]
    said = (
        msg(
            "Harman's test finds {n} components with an eigenvalue above one; the first accounts for"
            " {share} of the variance, more than half."
        )
        if harman["dominated"]
        else msg(
            "Harman's test finds {n} components with an eigenvalue above one; the first accounts for"
            " {share} of the variance, not more than half."
        )
    )
    share = words.percent(100 * harman["first_share"])
    yield Paragraph(words.say(said, n=words.number(harman["components"]), share=share))
    marker = study["marker"]
    if marker is None:
        yield Paragraph(
            words.say("No marker variable was asked, so the marker tests are left out.")
        )
    else:
        yield Paragraph(_marker(marker, study.get("marker_correction") or [], words))
    yield tables.robustness(study, next(number), words)


def _marker(marker: Section, corrected: list[Section], words: Words) -> str:
    sizes = [abs(r) for r in marker["marker_correlations"].values() if r is not None]
    pvalues = [row["pvalue"] for row in marker["correlations"] if row["pvalue"] is not None]
    write = Apa(words)
    text = words.say(
        "The marker correlates {low} to {high} in size with the constructs; with it partialled out"
        " (r = {r}) {kept}.",
        low=write.bounded(min(sizes)),
        high=write.bounded(max(sizes)),
        r=write.bounded(marker["r_marker"]),
        kept=kept_significant(marker["still_significant"], pvalues, words),
    )
    return f"{text} {_corrected(corrected, words)}" if corrected else text


def _corrected(corrected: list[Section], words: Words) -> str:
    most = max(corrected, key=lambda row: abs(row["change"]))
    changed = sum(bool(row["conclusion_changes"]) for row in corrected)
    told = {
        "size": Apa(words).bounded(abs(most["change"])),
        "source": label(most["source"], words),
        "target": label(most["target"], words),
    }
    if not changed:
        return words.say(
            "With the marker as a further cause in the model no path changes by more than {size} ({source}"
            " to {target}), and no conclusion changes.",
            **told,
        )
    return words.say_count(
        "With the marker as a further cause in the model no path changes by more than {size} ({source} to"
        " {target}), and {n} conclusions change.",
        "With the marker as a further cause in the model no path changes by more than {size} ({source} to"
        " {target}), and {n} conclusions change.",
        n=changed,
        **told,
    )


def _beside(document: Section, number: Iterator[int], words: Words) -> Iterator[Block]:
    yield Heading(words.say("Comparison with the original study"))
    caution = study_phrases.caution(document["study"], words)
    yield Callout(words.say("A different population"), caution)
    yield tables.published(document["study"], next(number), words)


def _reproducibility(asked: Study[Section], words: Words) -> Iterator[Block]:
    document = asked.document
    settings = document["settings"]
    yield Heading(words.say("Reproducibility"), level=2)
    shown: list[tuple[str, str]] = [
        (words.say("Fingerprint"), document["fingerprint"]),
        (words.say("Seed"), str(settings["seed"])),
        (words.say("Software"), ", ".join(f"{k} {v}" for k, v in document["versions"].items())),
        (words.say("Format"), document["format"]),
        (words.say("Rules"), rules_named(asked.rules, words)),
        (
            words.say("Command"),
            f"surveyapp study FILE.csv --bootstrap {settings['bootstrap']} --seed {settings['seed']}",
        ),
    ]
    for name, value in shown:
        text: Text = (Styled(f"{name}: "), words.name(value))
        yield Paragraph(text, Tone.BODY)
