"""Invariance: is the scale the same in every group?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.covariance.invariance import SMALL, Rules
from analysis.losses import MANY
from analysis.scale.sections.invariance import InvarianceSection, Ladder
from analysis.scale.sections.sample import SampleSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited, told
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Heading,
    Interval,
    Look,
    Paragraph,
    Quantity,
    Styled,
    Table,
    italic,
)
from surveyapp.reports.validation.part import (
    INVARIANCE,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import name, plain, preferred
from surveyapp.results import phrases

_EQUAL = {
    "configural": "structure",
    "metric": "loadings",
    "scalar": "loadings and intercepts",
    "strict": "loadings, intercepts and residual variances",
    "thresholds": "thresholds",
    "loadings": "thresholds and loadings",
    "intercepts": "thresholds, loadings and intercepts",
    "residuals": "thresholds, loadings, intercepts and residual variances",
}
_MEANING = {
    None: "Not even the structure is invariant: the groups should not be compared on this scale.",
    "configural": "The structure is invariant, but the loadings are not: neither relations nor"
    " means should be compared.",
    "metric": "The loadings are invariant, but the intercepts are not: relations with other"
    " scores can be compared, means cannot.",
    "scalar": "Loadings and intercepts are invariant: factor means can be compared.",
    "strict": "The scale is strictly invariant across groups: factor means and observed scores"
    " can be compared.",
    "thresholds": "The thresholds are invariant, but the loadings are not: neither relations nor"
    " means should be compared.",
    "loadings": "Thresholds and loadings are invariant, but the intercepts are not: relations with"
    " other scores can be compared, means cannot.",
    "intercepts": "Thresholds, loadings and intercepts are invariant: factor means can be compared.",
    "residuals": "The scale is strictly invariant across groups: factor means and observed scores"
    " can be compared.",
}


def _ladders(
    section: InvarianceSection, study: ValidationStudy, number: Numbers
) -> Iterator[Block]:
    """The ladder over each grouping, its verdict in words, and what would repair it."""
    wanted = study.document.settings.group
    if not wanted:
        return
    done = {ladder.group for ladder in section.ladders}
    for group in wanted:
        if group not in done:
            yield Paragraph(
                f"Groups by {plain(group)} could not be compared; the warnings say why."
            )
    for ladder in section.ladders:
        yield Heading(f"Between groups by {plain(ladder.group)}", level=2)
        yield from _losses(ladder, study)
        yield Paragraph((Styled(_MEANING[ladder.reached]), " ", _grounds(ladder)))
        yield _steps(ladder, next(number))
        yield from _partial(ladder)
        if ladder.latent_means:
            yield _means(ladder, next(number))


def _losses(ladder: Ladder, study: ValidationStudy) -> Iterator[Paragraph]:
    """How many respondents the groups leave out, and why they may."""
    sample, used = study.document.get(SampleSection), sum(group.n for group in ladder.groups)
    if sample is None or used == sample.n_rows:
        return
    lost = sample.n_rows - used
    share, fiml = lost / sample.n_rows, study.document.settings.missing == "fiml"
    why = "no group or one too small"
    said = (
        f"Left out of the comparison: {lost:,} of {sample.n_rows:,} respondents "
        f"({100 * share:.1f}%), with {why if fiml else f'a missing answer, {why}'}."
    )
    if share > MANY and not fiml:
        said += " With missing answers by FIML the groups are compared by all that they answered."
    yield Paragraph((Styled(said),))


def _grounds(ladder: Ladder) -> str:
    """Which step failed first, and by which numbers."""
    failed = next((row for row in ladder.steps if not row.holds), None)
    if failed is None:
        return "Every step holds."
    because = failed.because.replace("-", "\N{MINUS SIGN}")
    return f"The {failed.step} step does not hold: {because}."


def _steps(ladder: Ladder, number: int) -> Table:
    rows: list[list[Cell]] = []
    rules = Rules(**ladder.rules)
    for row in ladder.steps:
        first = row.d_cfi is None
        cfi, rmsea = preferred(row, "cfi"), preferred(row, "rmsea")
        rows.append(
            [
                row.step.capitalize(),
                preferred(row, "chisq"),
                row.df,
                _judged(cfi, rules.configural_cfi) if first else cfi,
                _judged(rmsea, rules.configural_rmsea) if first else rmsea,
                row.srmr,
                row.d_chisq,
                row.d_df,
                row.d_pvalue,
                _judged(row.d_cfi, rules.d_cfi),
                "yes" if row.holds else (Styled("no"),),
            ]
        )
    sizes = phrases.listed([f"{group.label} ({group.n:,})" for group in ladder.groups])
    equal = "; ".join(f"{row.step}: {_EQUAL[row.step]}" for row in ladder.steps)
    scaled = any(row.chisq_scaled is not None for row in ladder.steps)
    return Table(
        number=number,
        title=f"Invariance Over {name(ladder.group)}",
        columns=[
            Column("Model", 0.15),
            Column(apa.CHI, 0.1, apa.NUMBER_1),
            Column(apa.DF, 0.07, apa.count),
            Column("CFI", 0.08, apa.BOUNDED_3),
            Column("RMSEA", 0.09, apa.BOUNDED_3),
            Column("SRMR", 0.085, apa.BOUNDED_3),
            Column(apa.DELTA_CHI, 0.09, apa.NUMBER_1),
            Column(("Δ", *apa.DF), 0.07, apa.count),
            Column(apa.P, 0.085, apa.pvalue),
            Column("ΔCFI", 0.09, apa.BOUNDED_3),
            Column("Holds", 0.09),
        ],
        cells=rows,
        note=f"Groups (n): {sizes}. Equal in every group at {equal}. {_rule(ladder)}"
        f"{SCALED if scaled else ''}",
        look=Look.APA,
    )


def _judged(value: float | None, bound: float) -> Cell:
    """A value with the digits that keep it on its side of the bound that it is judged by."""
    return None if value is None else Quantity(value, apa.beside(value, bound, 3))


def _rule(ladder: Ladder) -> str:
    """The rule that was applied, where its bounds come from and why these."""
    rules = Rules(**ladder.rules)
    ordinal = any(row.step == "thresholds" for row in ladder.steps)
    rule = rules.told(ordinal=ordinal).replace(">=", "≥").replace("<=", "≤")
    rule = rule[:1].upper() + rule[1:]
    if rules == Rules():
        return f"{rule} {cited('chen-2007', 'cheung-2002')}."
    n = sum(group.n for group in ladder.groups)
    if rules == Rules.of(n):
        return (
            f"{rule}: the stricter bounds that {told('chen-2007')} gives for small samples of "
            f"unequal groups, applied to up to {SMALL} respondents in all (here {n:,})."
        )
    return f"{rule}."


SCALED = " Statistics and their differences are scaled, CFI and RMSEA robust or scaled."


def _partial(ladder: Ladder) -> Iterator[Block]:
    """Which equalities to give up, step by step, when a step does not hold."""
    for step in dict.fromkeys(row.step for row in ladder.releases):
        mine = [row for row in ladder.releases if row.step == step]
        freed = phrases.listed([parameter(row.parameter) for row in mine])
        last = mine[-1]
        verb = "would hold" if last.holds else "would still not hold"
        yield Paragraph(
            f"Partial invariance, a proposal: the {step} step {verb} with {freed} free to differ "
            f"between the groups (CFI {apa.bounded(last.cfi, 3)}; chosen by {_choice(ladder)}). Freed by the data alone, it needs new data to be trusted {cited('byrne-1989')}."
        )


def _choice(ladder: Ladder) -> str:
    return "score tests, largest first" if ladder.score_tests else "how much each improves the fit"


def parameter(text: str) -> str:
    """A parameter of the model in words.

    >>> parameter("u3|")
    'the thresholds of u3'
    >>> parameter("x3~1"), parameter("speed=~x9"), parameter("x1~~x1")
    ('the intercept of x3', 'the loading of x9 on speed', 'the residual variance of x1')
    """
    if text.endswith("|"):
        return f"the thresholds of {text[:-1]}"
    for sign, words in (("=~", "the loading of {1} on {0}"), ("~1", "the intercept of {0}")):
        left, found, right = text.partition(sign)
        if found and (sign == "=~" or not right):
            return words.format(left, right)
    left, found, right = text.partition("~~")
    if not found:
        return text
    return f"the residual variance of {left}" if left == right else f"the covariance of {left} and {right}"  # fmt: skip


_MEANS_FROM = {False: "scalar", True: "intercepts"}


def _means(ladder: Ladder, number: int) -> Table:
    reference = ladder.groups[0].label
    ordinal = any(row.step == "intercepts" for row in ladder.steps)
    return Table(
        number=number,
        title=f"Latent Means by {name(ladder.group)}",
        columns=[
            Column("Factor", 0.25),
            Column("Group", 0.2),
            Column("Mean", 0.1, apa.number),
            Column(italic("SE"), 0.09, apa.number),
            Column("95% CI", 0.18, apa.free_interval),
            Column(apa.P, 0.09, apa.pvalue),
            Column(italic("d"), 0.09, apa.number),
        ],
        cells=[
            [
                name(row.factor),
                row.group,
                row.est,
                row.se,
                Interval(row.ci_lower, row.ci_upper),
                row.pvalue,
                row.d,
            ]
            for row in ladder.latent_means
        ],
        note=f"Of the {_MEANS_FROM[ordinal]} model; the mean of {reference} is 0. d = difference in standard deviations. "
        f"To be read only as far as the {_MEANS_FROM[ordinal]} step holds.",
        look=Look.APA,
    )


PARTS = (Part(InvarianceSection, Chapter.INVARIANCE, 10, _ladders),)
CRITERIA = (Criterion("d_cfi", "Change of CFI", INVARIANCE, 10, subjects="steps"),)
