"""The content of the scale validation report, from a stored validation document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from instruments.loader import Library
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
from surveyapp.reports.validation_general import general
from surveyapp.reports.validation_invariance import invariance
from surveyapp.reports.validation_summary import summary
from surveyapp.reports.validation_threats import threats
from surveyapp.results import phrases

KIND = "Scale validation report"


_MOST_NAMED = 4  # factors that a title names
_MISSING = {
    "listwise": "respondents with a missing answer left out",
    "fiml": "all answers used by full information maximum likelihood",
}


@dataclass(frozen=True)
class Study:
    """A stored validation (``analysis.scale.document``) and what it was asked about.

    ``file`` names the answers of a validation that belongs to no journey; journey and provider are
    then empty.
    """

    document: Mapping[str, Any]
    journey: str
    provider: str
    segment: str | None
    survey: str | None
    computed: date
    library: Library
    file: str | None = None

    @property
    def about(self) -> str:
        """Whose answers these are."""
        return self.file or self.journey


def content(study: Study, *, made: date) -> Document:
    """The report as a document; a section that could not be computed says why."""
    title = _title(study)
    whom = "" if study.file else f"\n{(study.segment or 'all customers').capitalize()}"
    about = study.file or f"{study.provider}, {study.journey}"
    return Document(
        cover=Cover(KIND, title, f"{about}{whom}", _facts(study, made)),
        blocks=tuple(chapters(study)),
        subject=f"{KIND}: {title}, {study.about}",
        author=study.provider,
        running=f"Validation of {title}  ·  {study.about}",
        made=made,
        keywords=("scale validation", "reliability", "confirmatory factor analysis", title),
    )


def chapters(study: Study) -> Iterator[Block]:
    """The report without its cover, which a page shows too."""
    document = study.document
    number = tables.Numbers()
    yield from summary(document, number)
    yield from _method(study)
    yield from _references(study)
    yield from _items(document, number)
    yield from _dimensionality(document, number)
    yield from _confirmatory(document, number)
    yield from _validity(document, number)
    yield from invariance(document, number)
    yield from threats(document, number)
    yield from annex.reproducibility(document)


def _title(study: Study) -> str:
    code = study.document["settings"]["instrument"]
    if code is None:
        names = [factor["name"] for factor in study.document["settings"]["model"]]
        if len(names) > _MOST_NAMED:
            return f"A scale of {len(names)} factors"
        return _plain(names)[:1].upper() + _plain(names)[1:]
    instrument = study.library.load(code, study.document["settings"]["instrument_version"])
    return next(iter(instrument.wordings.values())).title


def _plain(names: Sequence[str]) -> str:
    return phrases.listed([name.replace("_", " ") for name in names])


def _facts(study: Study, made: date) -> list[tuple[str, str]]:
    sample, settings = study.document["sample"], study.document["settings"]
    facts = [
        ("Answers from", study.file or study.survey or "all surveys of the journey"),
        ("Respondents", f"{sample['n_rows']:,}, of whom {sample['n_complete']:,} answered every item"),
        ("Scale", f"{sample['n_items']} items, {sample['n_factors']} factors"),
        ("Scoring key", str(settings["key"] or "custom model")),
    ]  # fmt: skip
    if settings.get("group"):
        facts.append(("Groups compared by", _plain(settings["group"])))
    return [
        *facts,
        ("Computed on", phrases.day(study.computed)),
        ("Report created on", phrases.day(made)),
    ]


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
        f"{missing['missing_cells']:,} of {missing['cells']:,} answers"
        f" ({100 * missing['share']:.1f}%) are missing, in {missing['n_patterns']:,}"
        " patterns."
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
            f"The confirmatory model was estimated by {_estimation(cfa, likelihood)}, "
            f"{_MISSING[settings['missing']]}, and compared with an independence model, a one-factor "
            "model and every model that joins two of the factors."
        )
    parts.append(
        "Reliability is Cronbach's alpha with Feldt's interval, McDonald's omega and composite "
        "reliability; discriminant validity follows Fornell and Larcker (1981) and the "
        "heterotrait-monotrait ratio of Henseler et al. (2015)."
    )
    if settings.get("group"):
        parts.append(
            f"Invariance between groups by {_plain(settings['group'])} was examined step by step (Vandenberg & Lance, 2000)."
        )
    parts.append(_threats_examined(settings))
    return " ".join(parts)


def _estimation(cfa: Mapping[str, Any], likelihood: str) -> str:
    named = {
        "ML": f"maximum likelihood (ML) with the {likelihood} likelihood",
        "MLR": "maximum likelihood with robust standard errors and test statistic (MLR)",
        "MLM": "maximum likelihood with the Satorra-Bentler correction (MLM)",
        "WLSMV": "diagonally weighted least squares for ordered answers (WLSMV)",
    }
    return named.get(cfa["estimator"], str(cfa["estimator"]))


def _threats_examined(settings: Mapping[str, Any]) -> str:
    marker = ", a marker variable" if settings.get("marker") else ""
    time = ", and the time taken" if settings.get("seconds") else ""
    return (
        f"Common method variance was examined with Harman's test, full collinearity{marker} and an "
        "unmeasured latent method factor; careless answering with long runs of one answer, the "
        f"spread of answers, Mahalanobis distances{time}."
    )


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
            f"{apa.bounded(fit['rmsea'], 3)} 90% CI "
            f"{apa.between(fit['rmsea_ci_lower'], fit['rmsea_ci_upper'], 3)}, SRMR = "
            f"{apa.bounded(fit['srmr'], 3)}, GFI = {apa.bounded(fit['gfi'], 3)}.",
            *_scaled(fit),
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


def _scaled(fit: Mapping[str, Any]) -> tuple[str | Styled, ...]:
    """The robust test and indices where the estimator gives them."""
    if fit.get("chisq_scaled") is None:
        return ()
    kind = "robust" if fit.get("cfi_robust") is not None else "scaled"
    return (
        " Scaled: ",
        *apa.chi_square(fit["chisq_scaled"], fit["df_scaled"], fit["pvalue_scaled"]),
        f"; {kind} CFI = {apa.bounded(fit.get(f'cfi_{kind}'), 3)}, TLI = "
        f"{apa.bounded(fit.get(f'tli_{kind}'), 3)}, RMSEA = {apa.bounded(fit.get(f'rmsea_{kind}'), 3)}.",
    )


def _checked(check: Mapping[str, Any]) -> str:
    verdict = "agrees" if check["agrees"] else "does not agree"
    return (
        f"Independent check: {check['program']} {check['version']} {verdict}; largest difference of a "
        f"standardised estimate {apa.tiny(check['largest_difference'], 1)} ({check['of']})."
    )


def _validity(document: Mapping[str, Any], number: tables.Numbers) -> Iterator[Block]:
    yield Heading("Reliability and validity")
    yield from _absent(document, "reliability")
    yield tables.reliability(document["reliability"], number.next())
    again = document.get("alpha_check")
    if again:
        verdict = "agrees" if again["agrees"] else "does not agree"
        yield Paragraph(
            f"Independent check: {again['program']} {again['version']} {verdict}, largest difference "
            f"of an alpha {apa.tiny(again['largest_difference'])} ({again['of']}).",
            Tone.NOTE,
        )
    if document["fornell_larcker"] is not None:
        yield tables.discriminant(document["fornell_larcker"], document["htmt"], number.next())
    yield from _absent(document, "fornell_larcker")
    cfa = document["cfa"]
    if cfa is not None and cfa["factor_correlation_intervals"]:
        yield tables.factor_correlations(cfa["factor_correlation_intervals"], number.next())
    if document.get("htmt_intervals"):
        yield from validation_figures.htmt(document)
        yield tables.htmt_intervals(document["htmt_intervals"], number.next())
    yield from general(document, number)
    yield from annex.purification(document.get("purification"))


def _references(study: Study) -> Iterator[Block]:
    code = study.document["settings"]["instrument"]
    if code is None:
        return
    version = study.document["settings"]["instrument_version"]
    instrument = study.library.load(code, version)
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
