"""The content of the scale validation report, from a stored validation document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from instruments.loader import load
from surveyapp.reports import apa, validation_figures
from surveyapp.reports import validation_annex as annex
from surveyapp.reports import validation_tables as tables
from surveyapp.reports.document import (
    Block,
    Callout,
    Cover,
    Document,
    Heading,
    Paragraph,
    Styled,
    Tone,
)
from surveyapp.results import phrases

KIND = "Scale validation report"


@dataclass(frozen=True)
class Study:
    """A stored validation (``analysis.validation_document``) and what it was asked about."""

    document: Mapping[str, Any]
    journey: str
    provider: str
    segment: str | None
    deployment: str | None
    computed: date
    roots: Sequence[str | Path] = ()


def content(study: Study, *, made: date) -> Document:
    """The report as a document; a section that could not be computed says why."""
    document = study.document
    title = _title(study)
    number = tables.Numbers()
    blocks: list[Block] = [
        *_summary(study, number),
        *_method(study),
        *_references(study),
        *_items(document, number),
        *_dimensionality(document, number),
        *_confirmatory(document, number),
        *_validity(document, number),
        *annex.threats(document, number),
        *annex.reproducibility(document),
    ]
    whom = study.segment or "all customers"
    return Document(
        cover=Cover(
            KIND,
            title,
            f"{study.provider}, {study.journey}\n{whom.capitalize()}",
            _facts(study, made),
        ),
        blocks=blocks,
        subject=f"{KIND}: {title}, {study.journey}",
        author=study.provider,
        running=f"Validation of {title}  ·  {study.journey}",
        made=made,
        keywords=("scale validation", "reliability", "confirmatory factor analysis", title),
    )


def _title(study: Study) -> str:
    code = study.document["settings"]["instrument"]
    if code is None:
        return "Scale"
    instrument = load(code, study.document["settings"]["instrument_version"], roots=study.roots)
    return next(iter(instrument.wordings.values())).title


def _facts(study: Study, made: date) -> list[tuple[str, str]]:
    sample, settings = study.document["sample"], study.document["settings"]
    return [
        ("Respondents", f"{sample['n_rows']:,}, of whom {sample['n_complete']:,} answered every item"),
        ("Scale", f"{sample['n_items']} items, {sample['n_factors']} factors"),
        ("Scoring key", str(settings["key"] or "given by hand")),
        ("Answers from", study.deployment or "all deployments of the journey"),
        ("Computed on", phrases.day(study.computed)),
        ("Report made on", phrases.day(made)),
    ]  # fmt: skip


def _summary(study: Study, number: tables.Numbers) -> Iterator[Block]:
    document = study.document
    rows = document["conclusions"]
    known = [row for row in rows if row["holds"] is not None]
    met = [row for row in known if row["holds"]]
    missed = [row for row in known if not row["holds"]]
    yield Heading("Summary")
    yield Paragraph(f"{len(met)} of {len(known)} criteria are met.", Tone.LEAD)
    for row in missed:
        measure = tables.MEASURES.get(row["measure"], row["measure"])
        subject = f" of {row['subject']}" if row["subject"] else ""
        yield Paragraph(
            (
                Styled(f"Not met: {measure}{subject}."),
                f" It is {apa.number(row['value'])}; the cut-off is {apa.number(row['cut'])} "
                f"({row['source']}).",
            ),
            Tone.BULLET,
        )
    yield tables.criteria(rows, number.next())
    warnings = document["warnings"]
    if warnings:
        yield Heading("Warnings", level=2)
        for warning in warnings:
            step = warning["step"].replace("_", " ").capitalize()
            yield Paragraph((Styled(f"{step}."), f" {warning['message']}."), Tone.BULLET)


def _method(study: Study) -> Iterator[Block]:
    document = study.document
    sample, missing, settings = document["sample"], document["missing"], document["settings"]
    factors = "; ".join(
        f"{tables.name(factor['name'])} ({', '.join(factor['items'])})"
        for factor in sample["factors"]
    )
    yield Heading("Method")
    yield Paragraph(
        f"{sample['n_rows']:,} respondents answered {sample['n_items']} items intended to measure "
        f"{sample['n_factors']} factors: {factors}. "
        f"{_missing(missing)} Analyses that need complete rows use {sample['n_complete']:,} of them."
    )
    yield Paragraph(_procedure(document, settings))
    if settings["reversed"]:
        yield Paragraph(
            f"Reversed before the analysis: {', '.join(settings['reversed'])}.", Tone.BODY
        )


def _missing(missing: Mapping[str, Any]) -> str:
    if not missing["missing_cells"]:
        return "No answer is missing."
    text = (
        f"{missing['missing_cells']:,} of {missing['cells']:,} answers "
        f"({100 * missing['share']:.1f} %) are missing, in {missing['n_patterns']:,} patterns."
    )
    little = missing.get("little")
    if little:
        text += (
            f" Little's test of missing completely at random: chi-square({little['df']}) = "
            f"{apa.number(little['chisq'])}, p {apa.equals(little['pvalue'])}."
        )
    return text


def _procedure(document: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    likelihood = {"normal": "normal (N)", "wishart": "Wishart (N - 1)"}[settings["likelihood"]]
    parts = [
        "Sampling adequacy was examined with the Kaiser-Meyer-Olkin measure and Bartlett's test; the "
        f"number of factors with parallel analysis (Horn, 1965; {settings['draws']:,} draws, 95th "
        "percentile) and Velicer's minimum average partial.",
        f"Exploratory factor analysis used {settings['efa_method']} extraction with "
        f"{settings['efa_rotation']} rotation.",
    ]
    cfa = document["cfa"]
    if cfa is not None:
        parts.append(
            f"The confirmatory model was estimated by {cfa['estimator']} with the {likelihood} "
            "likelihood and compared with an independence model, a one-factor model and every model "
            "that joins two of the factors."
        )
    parts.append(
        "Reliability is Cronbach's alpha with Feldt's interval, McDonald's omega and composite "
        "reliability; discriminant validity follows Fornell and Larcker (1981) and the "
        "heterotrait-monotrait ratio of Henseler et al. (2015)."
    )
    return " ".join(parts)


def _items(document: Mapping[str, Any], number: tables.Numbers) -> Iterator[Block]:
    yield Heading("Items")
    yield tables.items(document["items"], number.next())
    normality = document.get("normality")
    if normality:
        yield Paragraph(
            (
                "Mardia's multivariate skewness is ",
                f"{apa.number(normality['skew'])}, ",
                *apa.chi_square(
                    normality["skew_chisq"], normality["skew_df"], normality["skew_pvalue"]
                ),
                f"; multivariate kurtosis {apa.number(normality['kurtosis'])}, ",
                Styled("z", "italic"),
                f" = {apa.number(normality['kurtosis_z'])}, ",
                Styled("p", "italic"),
                f" {apa.equals(normality['kurtosis_pvalue'])}.",
            )
        )


def _dimensionality(document: Mapping[str, Any], number: tables.Numbers) -> Iterator[Block]:
    yield Heading("Dimensionality")
    adequacy = document["adequacy"]
    if adequacy is not None:
        bartlett = adequacy["bartlett"]
        yield Paragraph(
            (
                f"The Kaiser-Meyer-Olkin measure is {apa.bounded(adequacy['kmo'])}; Bartlett's test of "
                "sphericity ",
                *apa.chi_square(bartlett["chisq"], bartlett["df"], bartlett["pvalue"]),
                ".",
            )
        )
    yield from _absent(document, "adequacy")
    yield from validation_figures.scree(document)
    yield from _absent(document, "factor_count")
    if document["efa"] is not None:
        yield tables.explored(document["efa"], number.next())
    yield from _absent(document, "efa")


def _confirmatory(document: Mapping[str, Any], number: tables.Numbers) -> Iterator[Block]:
    yield Heading("Confirmatory factor analysis")
    yield from _absent(document, "cfa")
    cfa = document["cfa"]
    if cfa is None:
        return
    fit = cfa["fit"]
    yield Paragraph(
        (
            f"The model of {len(cfa['factors'])} correlated factors (",
            Styled("n", "italic"),
            f" = {cfa['n']:,}) has ",
            *apa.chi_square(fit["chisq"], fit["df"], fit["pvalue"]),
            f", CFI = {apa.bounded(fit['cfi'], 3)}, TLI = {apa.bounded(fit['tli'], 3)}, RMSEA = "
            f"{apa.bounded(fit['rmsea'], 3)} 90 % CI "
            f"{apa.between(fit['rmsea_ci_lower'], fit['rmsea_ci_upper'], 3)}, SRMR = "
            f"{apa.bounded(fit['srmr'], 3)}, GFI = {apa.bounded(fit['gfi'], 3)}.",
        )
    )
    check = document.get("check")
    if check:
        yield Paragraph(_checked(check), Tone.NOTE)
    if document["rivals"]:
        yield tables.fits(document["rivals"], number.next())
    yield from validation_figures.loadings(document)
    yield from validation_figures.model(document)
    yield tables.loadings(cfa, number.next())
    yield from validation_figures.residuals(document)


def _checked(check: Mapping[str, Any]) -> str:
    verdict = "agrees" if check["agrees"] else "does not agree"
    return (
        f"Independent check: {check['program']} {check['version']} {verdict}; largest difference of a "
        f"standardised estimate {check['largest_difference']:.1e} ({check['of']})."
    )


def _validity(document: Mapping[str, Any], number: tables.Numbers) -> Iterator[Block]:
    yield Heading("Reliability and validity")
    yield from _absent(document, "reliability")
    yield tables.reliability(document["reliability"], number.next())
    if document["fornell_larcker"] is not None:
        yield tables.discriminant(document["fornell_larcker"], document["htmt"], number.next())
    yield from _absent(document, "fornell_larcker")
    if document.get("htmt_intervals"):
        yield from validation_figures.htmt(document)
        yield tables.htmt_intervals(document["htmt_intervals"], number.next())
    general = document.get("general_factor")
    if general:
        yield Paragraph(
            (
                "A general factor (Schmid-Leiman) accounts for ",
                f"{100 * general['ecv']:.0f} % of the common variance; hierarchical omega ",
                f"{apa.bounded(general['omega_hierarchical'])}, total omega ",
                f"{apa.bounded(general['omega_total'])}.",
            )
        )
    yield from annex.purification(document.get("purification"))


def _references(study: Study) -> Iterator[Block]:
    code = study.document["settings"]["instrument"]
    if code is None:
        return
    version = study.document["settings"]["instrument_version"]
    instrument = load(code, version, roots=study.roots)
    yield Heading("The instrument", level=2)
    yield Paragraph(instrument.citation, Tone.REFERENCE)
    if instrument.note:
        yield Callout("About the wording", instrument.note)


def _absent(document: Mapping[str, Any], step: str) -> Iterator[Block]:
    """Why a section is missing, in the words of its warning."""
    if document[step] is not None:
        return
    for warning in document["warnings"]:
        if warning["step"] == step:
            yield Callout("Not computed", f"{warning['message']}.")
