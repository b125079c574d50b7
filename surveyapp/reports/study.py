"""The content of the service journey study's report, from its stored document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import count
from typing import Any

from analysis.digits import digits_beside
from instruments.loader import InstrumentError
from surveyapp.reports import apa, study_charts
from surveyapp.reports import study_tables as tables
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
from surveyapp.reports.measured_models import label
from surveyapp.reports.origin import recruitment, software
from surveyapp.reports.respondents import characteristics_table
from surveyapp.reports.rules_told import changes_told
from surveyapp.reports.significance import kept_significant
from surveyapp.reports.stored_study import Study
from surveyapp.results import phrases
from surveyapp.results.losses import imputed

KIND = "Service journey study"
TITLE = "Journey quality, service quality and loyalty"
VIF_CUT = 5.0
BOOTSTRAP = 5_000  # resamples where nothing else is asked for
_INSTRUMENTS = ("sjq", "servqual-p", "loyalty", "marker")
_NUMBERS = ("None", "One", "Two")
Section = Mapping[str, Any]


def content(asked: Study[Section], *, made: date) -> Document:
    """The report as a document."""
    document = asked.document
    number = count(1)
    blocks: list[Block] = [
        *_summary(document, number),
        *changes_told(asked.rules),
        *_method(asked, number),
        *_measurement(document, number),
        *_structure(document, number),
        *_priorities(document, number),
        *_threats(document, number),
        *_beside(document, number),
        *_reproducibility(asked),
    ]
    whom = asked.segment or "All customers"
    return Document(
        cover=Cover(
            KIND,
            TITLE,
            f"{phrases.named(asked.provider)}, {phrases.named(asked.journey)}\n{whom}",
            _facts(asked, made),
        ),
        blocks=[*blocks, *references(blocks)],
        subject=f"{KIND}: {phrases.named(asked.journey)}",
        author=asked.provider,
        running=f"{KIND}  ·  {phrases.named(asked.journey)}",
        made=made,
        keywords=("service journey quality", "service quality", "loyalty", "PLS-SEM"),
    )


def _facts(asked: Study[Section], made: date) -> list[tuple[str, str]]:
    settings = asked.document["settings"]
    return [
        ("Respondents", f"{asked.document['sample']['n']:,}"),
        ("Method", "Composite model (PLS-SEM), second order by repeated items"
         if settings["higher_order"] == "repeated" else "Composite model (PLS-SEM)"),
        ("Resamples", f"{settings['bootstrap']:,}"),
        ("Answers from", asked.survey or "all surveys of the journey"),
        ("Computed on", phrases.day(asked.computed)),
        ("Report created on", phrases.day(made)),
    ]  # fmt: skip


DESIGN = (
    "n = {n:,} respondents of one survey at one time. A supported hypothesis is an association in the "
    "expected direction; the opposite direction, a common cause or a common way of answering would look "
    "the same."
)


def lead(study: Section) -> str:
    """The result in one sentence."""
    supported = sum(row["supported"] for row in study["hypotheses"])
    if supported == len(study["hypotheses"]):
        return "All three hypotheses are supported."
    verb = "are" if supported > 1 else "is"
    return f"{_NUMBERS[supported]} of the three hypotheses {verb} supported."


def _summary(document: Section, number: Iterator[int]) -> Iterator[Block]:
    study = document["study"]
    yield Heading("Summary")
    yield Paragraph(lead(study), Tone.LEAD)
    yield Paragraph(DESIGN.format(n=study["n"]))
    sample = document["sample"]
    if sample["missing_cells"]:
        missing = imputed(sample["missing_cells"], sample["cells"])
        yield Paragraph((Styled(f"{missing[:1].upper()}{missing[1:]}."),))
    yield tables.hypotheses(study, next(number))
    yield study_charts.model(document)
    if study["warnings"]:
        yield Heading("Warnings", level=2)
        for warning in study["warnings"]:
            yield Paragraph(f"{warning}.", Tone.BULLET)


def _method(asked: Study[Section], number: Iterator[int]) -> Iterator[Block]:
    document = asked.document
    sample, settings = document["sample"], document["settings"]
    yield Heading("Method")
    dimensions = phrases.listed(list(sample["journey"]))
    qualities = phrases.listed(list(sample["service"]))
    missing = imputed(sample["missing_cells"], sample["cells"])
    yield Paragraph(
        f"{sample['n']:,} respondents rated the quality of their service journey "
        f"({_items(sample['journey'])} items: {dimensions}), the quality of the service "
        f"({_items(sample['service'])} items: {qualities}) and their loyalty "
        f"({len(sample['loyalty'])} items). {missing[:1].upper()}{missing[1:]}."
    )
    yield Paragraph(
        "Two composite models were estimated by partial least squares with the "
        f"{settings['scheme']} weighting scheme: a baseline model, in which journey quality leads to "
        "loyalty, and a full model with service quality between them. Dimensions are reflective "
        "(Mode A); journey quality and service quality are composed of their dimensions (Mode B), "
        "their indicators repeated, so that journey quality reaches service quality through each "
        f"of its dimensions {cited('becker-2012')}. Intervals are percentiles of "
        f"{settings['bootstrap']:,} bootstrap resamples. Common method variance was examined by "
        f"Harman's test, the marker correlation {cited('lindell-2001')} and a measured latent "
        f"marker {cited('chin-2013')}; the model's predictions by cross-validation "
        f"{cited('shmueli-2019')}. The procedure follows {told('jaakkola-2021')}."
    )
    for headline, text in _standards(asked):
        yield Paragraph((Styled(headline), f" {text}"))
    if asked.fieldwork is not None and asked.fieldwork.characteristics:
        yield characteristics_table(asked.fieldwork, next(number))
    yield Heading("Instruments", level=2)
    for code in _INSTRUMENTS[: 4 if sample["marker"] else 3]:
        try:
            instrument = asked.library.load(code)
        except InstrumentError:
            continue  # no longer installed; its citation went with it
        yield Paragraph(instrument.citation, Tone.REFERENCE)
        if instrument.note:
            yield Paragraph(instrument.note, Tone.NOTE)


def _standards(asked: Study[Section]) -> Iterator[tuple[str, str]]:
    """What reporting standards ask of a method section beyond the procedure."""
    document = asked.document
    settings = document["settings"]
    n = document["sample"]["n"]
    used = (
        f"All {n:,} respondents of the file are used."
        if asked.file
        else f"All {n:,} respondents who answered every instrument are used; those who answered fewer "
        "are not counted here."
    )
    yield from recruitment(asked)
    yield (
        "Exclusions.",
        f"{used} Careless "
        "answers were not looked for. Whether answers were left out before the analysis is not known "
        "to it.",
    )
    yield (
        "Sample size.",
        "A sample size planned in advance is not known to the analysis; where rules of thumb ask for "
        "more respondents than there are, the warnings say so.",
    )
    yield (
        "Inference.",
        "Intervals are of 95%; a hypothesis is supported when its interval lies above zero. P values "
        "are two-sided and not corrected for their number.",
    )
    yield "Software.", software(document["versions"])
    departures = (
        "None."
        if settings["bootstrap"] == BOOTSTRAP
        else f"{settings['bootstrap']:,} bootstrap resamples instead of {BOOTSTRAP:,}."
    )
    yield "Departures from the defaults.", departures


def _items(groups: Mapping[str, Any]) -> int:
    return sum(len(items) for items in groups.values())


def _measurement(document: Section, number: Iterator[int]) -> Iterator[Block]:
    study, names = document["study"], study_charts.first_order(document)
    yield Heading("Measurement")
    yield tables.reliability(study, names, next(number))
    yield tables.discriminant(study, names, next(number))
    fit = study["full"]["fit"]["saturated"]
    yield Paragraph(
        f"SRMR of the saturated model is {apa.bounded(fit['srmr'], 3)}. The largest variance inflation "
        f"factor of dimensions and antecedents is {_vif(study['largest_vif'])} (usual cut-off 5)."
        f"{_of_items(study)}"
    )
    said = study.get("discriminant") or []
    if said:
        yield Callout("Discriminant validity", " ".join(f"{x[:1].upper()}{x[1:]}." for x in said))


def _vif(value: float | None) -> str:
    """The factor with the digits that keep it on its side of the cut-off."""
    return apa.number(value, 2 if value is None else digits_beside(value, VIF_CUT, 2))


def _of_items(study: Section) -> str:
    """The largest VIF of items; a study of an earlier version has none."""
    value = study.get("largest_item_vif")
    if value is None:
        return ""
    return (
        f" Among the items of one construct the largest is {apa.number(value)}; they are reflective, so"
        " that it says how alike they are, not that weights are unstable."
    )


def _structure(document: Section, number: Iterator[int]) -> Iterator[Block]:
    study = document["study"]
    yield Heading("Structural model")
    yield study_charts.baseline(document)
    yield study_charts.weights(document)
    yield tables.paths(study, next(number))
    yield tables.explained(study, next(number))
    yield tables.mediation(study, next(number))


def _priorities(document: Section, number: Iterator[int]) -> Iterator[Block]:
    study = document["study"]
    yield Heading("Improvement priorities")
    yield study_charts.importance(document)
    yield tables.importance(study, next(number))
    yield tables.prediction(study, next(number))


def _threats(document: Section, number: Iterator[int]) -> Iterator[Block]:
    study = document["study"]
    yield Heading("Threats to validity")
    harman = study["harman"]
    said = "more" if harman["dominated"] else "not more"
    yield Paragraph(
        f"Harman's test finds {harman['components']} components with an eigenvalue"
        f" above one; the first accounts for {100 * harman['first_share']:.0f}% of the"
        f" variance, {said} than half."
    )
    marker = study["marker"]
    if marker is None:
        yield Paragraph("No marker variable was asked, so the marker tests are left out.")
    else:
        yield Paragraph(_marker(marker, study.get("marker_correction") or []))
    yield tables.robustness(study, next(number))


def _marker(marker: Section, corrected: list[Section]) -> str:
    sizes = [abs(r) for r in marker["marker_correlations"].values() if r is not None]
    pvalues = [row["pvalue"] for row in marker["correlations"] if row["pvalue"] is not None]
    kept = kept_significant(marker["still_significant"], pvalues)
    text = (
        f"The marker correlates {apa.bounded(min(sizes))} to {apa.bounded(max(sizes))} in size with "
        f"the constructs; with it partialled out (r = {apa.bounded(marker['r_marker'])}) {kept}."
    )
    if corrected:
        most = max(corrected, key=lambda row: abs(row["change"]))
        changed = [row for row in corrected if row["conclusion_changes"]]
        text += (
            " With the marker as a further cause in the model no path changes by more than "
            f"{apa.bounded(abs(most['change']))} ({label(most['source'])} to "
            f"{label(most['target'])}), and "
            f"{'no conclusion changes' if not changed else f'{len(changed)} conclusions change'}."
        )
    return text


def _beside(document: Section, number: Iterator[int]) -> Iterator[Block]:
    yield Heading("Comparison with the original study")
    yield Callout("A different population", document["study"]["caution"])
    yield tables.published(document["study"], next(number))


def _reproducibility(asked: Study[Section]) -> Iterator[Block]:
    document = asked.document
    settings = document["settings"]
    yield Heading("Reproducibility", level=2)
    shown: list[tuple[str, Text]] = [
        ("Fingerprint", document["fingerprint"]),
        ("Seed", str(settings["seed"])),
        ("Software", ", ".join(f"{k} {v}" for k, v in document["versions"].items())),
        ("Format", document["format"]),
        ("Rules", asked.rules.told),
        (
            "Command",
            f"surveyapp study FILE.csv --bootstrap {settings['bootstrap']} --seed {settings['seed']}",
        ),
    ]
    for name, value in shown:
        text = value if isinstance(value, tuple) else (value,)
        yield Paragraph((Styled(f"{name}: "), *text), Tone.BODY)
