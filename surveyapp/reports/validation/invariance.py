"""Invariance: is the scale the same in every group?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.covariance.measurement_invariance.invariance import SMALL, Rules
from analysis.digits import decimals
from analysis.losses import MANY
from analysis.scale.sections.invariance import InvarianceSection, Ladder
from analysis.scale.sections.sample import SampleSection
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
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
    STEPS,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import (
    SCALED,
    interval_column,
    name,
    of_one_decimal,
    of_three_digits,
    plain,
    preferred,
    step_named,
)
from surveyapp.results.analyses.validation_phrases import clause

_EQUAL = {
    "configural": msg("structure"),
    "metric": msg("loadings"),
    "scalar": msg("loadings and intercepts"),
    "strict": msg("loadings, intercepts and residual variances"),
    "thresholds": msg("thresholds"),
    "loadings": msg("thresholds and loadings"),
    "intercepts": msg("thresholds, loadings and intercepts"),
    "residuals": msg("thresholds, loadings, intercepts and residual variances"),
}
_STRICT = msg(
    "The scale is strictly invariant across groups: factor means and observed scores can be compared."
)
_MEANING = {
    None: msg(
        "Not even the structure is invariant: the groups should not be compared on this scale."
    ),
    "configural": msg(
        "The structure is invariant, but the loadings are not: neither relations nor means should be"
        " compared."
    ),
    "metric": msg(
        "The loadings are invariant, but the intercepts are not: relations with other scores can be"
        " compared, means cannot."
    ),
    "scalar": msg("Loadings and intercepts are invariant: factor means can be compared."),
    "strict": _STRICT,
    "thresholds": msg(
        "The thresholds are invariant, but the loadings are not: neither relations nor means should be"
        " compared."
    ),
    "loadings": msg(
        "Thresholds and loadings are invariant, but the intercepts are not: relations with other scores"
        " can be compared, means cannot."
    ),
    "intercepts": msg(
        "Thresholds, loadings and intercepts are invariant: factor means can be compared."
    ),
    "residuals": _STRICT,
}


def _ladders(
    section: InvarianceSection, study: ValidationStudy, number: Numbers
) -> Iterator[Block]:
    """The ladder over each grouping, its verdict in words, and what would repair it."""
    wanted, words = study.document.settings.group, study.words
    if not wanted:
        return
    done = {ladder.group for ladder in section.ladders}
    for group in wanted:
        if group not in done:
            yield Paragraph(
                words.say(
                    "Groups by {group} could not be compared; the warnings say why.",
                    group=plain(group, words),
                )
            )
    for ladder in section.ladders:
        yield Heading(
            words.say("Between groups by {group}", group=plain(ladder.group, words)), level=2
        )
        yield from _losses(ladder, study)
        meaning = words.say(_MEANING[ladder.reached])
        yield Paragraph((Styled(meaning), " ", _grounds(ladder, words)))
        yield _steps(ladder, next(number), words)
        yield from _partial(ladder, words)
        if ladder.latent_means:
            yield _means(ladder, next(number), words)


def _losses(ladder: Ladder, study: ValidationStudy) -> Iterator[Paragraph]:
    """How many respondents the groups leave out, and why they may."""
    sample, used = study.document.get(SampleSection), sum(group.n for group in ladder.groups)
    if sample is None or used == sample.n_rows:
        return
    words, lost = study.words, sample.n_rows - used
    share, fiml = lost / sample.n_rows, study.document.settings.missing == "fiml"
    why = (
        msg(
            "Left out of the comparison: {n} of {total} respondents ({share}), with no group or one too"
            " small."
        )
        if fiml
        else msg(
            "Left out of the comparison: {n} of {total} respondents ({share}), with a missing answer, no"
            " group or one too small."
        )
    )
    said = words.say(
        why,
        n=words.number(lost),
        total=words.number(sample.n_rows),
        share=words.percent(100 * share, 1),
    )
    if share > MANY and not fiml:
        more = words.say(
            "With missing answers by FIML the groups are compared by all that they answered."
        )
        said = f"{said} {more}"
    yield Paragraph((Styled(said),))


def _grounds(ladder: Ladder, words: Words) -> str:
    """Which step failed first, and by which numbers."""
    failed = next((row for row in ladder.steps if not row.holds), None)
    if failed is None:
        return words.say("Every step holds.")
    because = clause(failed.because, words)
    if words.is_english:
        because = because.replace("-", "\N{MINUS SIGN}")
    return words.say(
        "The {step} step does not hold: {because}.",
        step=step_named(failed.step, words),
        because=because,
    )


def _steps(ladder: Ladder, number: int, words: Words) -> Table:
    write, one, three = Apa(words), of_one_decimal(words), of_three_digits(words)
    rows: list[list[Cell]] = []
    rules = Rules(**ladder.rules)
    for row in ladder.steps:
        first = row.d_cfi is None
        cfi, rmsea = preferred(row, "cfi"), preferred(row, "rmsea")
        rows.append(
            [
                words.begun(step_named(row.step, words)),
                preferred(row, "chisq"),
                row.df,
                _judged(cfi, rules.configural_cfi, write) if first else cfi,
                _judged(rmsea, rules.configural_rmsea, write) if first else rmsea,
                row.srmr,
                row.d_chisq,
                row.d_df,
                row.d_pvalue,
                _judged(row.d_cfi, rules.d_cfi, write),
                words.say("yes") if row.holds else (Styled(words.say("no")),),
            ]
        )
    return Table(
        number=number,
        title=words.say("Invariance Over {group}", group=name(ladder.group, words)),
        columns=[
            Column(words.say("Model"), 0.15),
            Column(apa.CHI, 0.1, one),
            Column(apa.DF, 0.07, write.count),
            Column("CFI", 0.08, three),
            Column("RMSEA", 0.09, three),
            Column("SRMR", 0.085, three),
            Column(apa.DELTA_CHI, 0.09, one),
            Column(("Δ", *apa.DF), 0.07, write.count),
            Column(apa.P, 0.085, write.pvalue),
            Column("ΔCFI", 0.09, three),
            Column(words.say("Holds"), 0.09),
        ],
        cells=rows,
        note=_steps_note(ladder, words),
        look=Look.APA,
    )


def _steps_note(ladder: Ladder, words: Words) -> str:
    sizes = [f"{group.label} ({words.number(group.n)})" for group in ladder.groups]
    equal = [
        words.say(
            "{step}: {equal}", step=step_named(row.step, words), equal=words.say(_EQUAL[row.step])
        )
        for row in ladder.steps
    ]
    note = words.say(
        "Groups (n): {sizes}. Equal in every group at {equal}. {rule}",
        sizes=words.listed(sizes),
        equal="; ".join(equal),
        rule=_rule(ladder, words),
    )
    scaled = any(row.chisq_scaled is not None for row in ladder.steps)
    return f"{note} {words.say(SCALED)}" if scaled else note


def _judged(value: float | None, bound: float, write: Apa) -> Cell:
    """A value with the digits that keep it on its side of the bound that it is judged by."""
    return None if value is None else Quantity(value, write.beside(value, bound, 3))


def _rule(ladder: Ladder, words: Words) -> str:
    """The rule that was applied, where its bounds come from and why these."""
    rules = Rules(**ladder.rules)
    rule = _told(rules, words, ordinal=any(row.step == "thresholds" for row in ladder.steps))
    if rules == Rules():
        return words.say("{rule} {works}.", rule=rule, works=cited("chen-2007", "cheung-2002"))
    n = sum(group.n for group in ladder.groups)
    if rules == Rules.of(n):
        return words.say(
            "{rule}: the stricter bounds that {work} gives for small samples of unequal groups, applied to"
            " up to {most} respondents in all (here {n}).",
            rule=rule,
            work=told("chen-2007", words),
            most=words.number(SMALL),
            n=words.number(n),
        )
    return f"{rule}."


def _told(rules: Rules, words: Words, *, ordinal: bool) -> str:
    """The rule in one sentence, with the numbers that are applied."""
    write = Apa(words)

    def bound(value: float, least: int = 3) -> str:
        return write.bounded(value, decimals(value, least))

    bounds = {
        "cfi": bound(rules.configural_cfi, 2),
        "rmsea": bound(rules.configural_rmsea, 2),
        "d_cfi": bound(-rules.d_cfi),
        "d_rmsea": bound(rules.d_rmsea),
    }
    if ordinal:
        return words.say(
            "The first step holds with CFI ≥ {cfi} and RMSEA ≤ {rmsea}; each other step when CFI falls by"
            " no more than {d_cfi} and RMSEA rises by no more than {d_rmsea}, all scaled",
            **bounds,
        )
    return words.say(
        "The first step holds with CFI ≥ {cfi} and RMSEA ≤ {rmsea}; each other step when CFI falls by no"
        " more than {d_cfi} and RMSEA rises by no more than {d_rmsea} or SRMR by no more than {metric} for"
        " loadings and {d_srmr} after (one of the two is enough)",
        metric=bound(rules.d_srmr_metric),
        d_srmr=bound(rules.d_srmr),
        **bounds,
    )


def _partial(ladder: Ladder, words: Words) -> Iterator[Block]:
    """Which equalities to give up, step by step, when a step does not hold."""
    choice = (
        msg("score tests, largest first")
        if ladder.score_tests
        else msg("how much each improves the fit")
    )
    for step in dict.fromkeys(row.step for row in ladder.releases):
        mine = [row for row in ladder.releases if row.step == step]
        last = mine[-1]
        said = (
            msg(
                "Partial invariance, a proposal: the {step} step would hold with {freed} free to differ"
                " between the groups (CFI {cfi}; chosen by {choice}). Freed by the data alone, it needs new"
                " data to be trusted {work}."
            )
            if last.holds
            else msg(
                "Partial invariance, a proposal: the {step} step would still not hold with {freed} free to"
                " differ between the groups (CFI {cfi}; chosen by {choice}). Freed by the data alone, it"
                " needs new data to be trusted {work}."
            )
        )
        yield Paragraph(
            words.say(
                said,
                step=step_named(step, words),
                freed=words.listed([parameter(row.parameter, words) for row in mine]),
                cfi=Apa(words).bounded(last.cfi, 3),
                choice=words.say(choice),
                work=cited("byrne-1989"),
            )
        )


def parameter(text: str, words: Words = ENGLISH) -> str:
    """A parameter of the model in words.

    >>> parameter("u3|")
    'the thresholds of u3'
    >>> parameter("x3~1"), parameter("speed=~x9"), parameter("x1~~x1")
    ('the intercept of x3', 'the loading of x9 on speed', 'the residual variance of x1')
    """
    if text.endswith("|"):
        return words.say("the thresholds of {item}", item=words.name(text[:-1]))
    factor, found, item = text.partition("=~")
    if found:
        return words.say(
            "the loading of {item} on {factor}",
            item=words.name(item),
            factor=factor if words.is_english else plain(factor, words),
        )
    item, found, right = text.partition("~1")
    if found and not right:
        return words.say("the intercept of {item}", item=words.name(item))
    left, found, right = text.partition("~~")
    if not found:
        return text
    if left == right:
        return words.say("the residual variance of {item}", item=words.name(left))
    return words.say(
        "the covariance of {first} and {second}", first=words.name(left), second=words.name(right)
    )


def _means(ladder: Ladder, number: int, words: Words) -> Table:
    write = Apa(words)
    ordinal = any(row.step == "intercepts" for row in ladder.steps)
    return Table(
        number=number,
        title=words.say("Latent Means by {group}", group=name(ladder.group, words)),
        columns=[
            Column(words.say("Factor"), 0.25),
            Column(words.say("Group"), 0.2),
            Column(words.say("Mean"), 0.1, write.number),
            Column(italic("SE"), 0.09, write.number),
            interval_column(0.18, write.free_interval, words),
            Column(apa.P, 0.09, write.pvalue),
            Column(italic("d"), 0.09, write.number),
        ],
        cells=[
            [
                name(row.factor, words),
                words.alone(row.group),
                row.est,
                row.se,
                Interval(row.ci_lower, row.ci_upper),
                row.pvalue,
                row.d,
            ]
            for row in ladder.latent_means
        ],
        note=words.say(
            "Of the {step} model; the mean of {reference} is 0. d = difference in standard deviations. To"
            " be read only as far as the {step} step holds.",
            step=step_named("intercepts" if ordinal else "scalar", words),
            reference=words.name(ladder.groups[0].label),
        ),
        look=Look.APA,
    )


PARTS = (Part(InvarianceSection, Chapter.INVARIANCE, 10, _ladders),)
CRITERIA = (Criterion("d_cfi", msg("Change of CFI"), INVARIANCE, 10, subjects=STEPS),)
