"""Names of factors and items, and program text, as the report sets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from analysis.scale.sections.cfa import robust
from analysis.scale.study import Fit, Number
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Column, Text, Write, filled

SCALED = msg("Statistics and their differences are scaled, CFI and RMSEA robust or scaled.")
_FIT = msg("{test}, CFI = {cfi}, RMSEA = {rmsea}, SRMR = {srmr}")
_SCALED_FIT = msg("{test} (scaled), CFI = {cfi}, RMSEA = {rmsea}, SRMR = {srmr}")


def name(factor: str, words: Words = ENGLISH) -> str:
    """A factor's name at the beginning of a cell or sentence; in another language as its scale is
    called there.
    """
    if words.is_english:
        return plain(factor).capitalize()
    title = words.scales.get(factor)
    return words.name(title if title else words.begun(factor.replace("_", " ")))


def plain(subject: str, words: Words = ENGLISH) -> str:
    """A factor or a grouping column as people write it."""
    said = subject.replace("_", " ")
    if words.is_english:
        return said
    title = words.scales.get(subject)
    return words.inner(title) if title else words.name(said)


def plain_list(names: Sequence[str], words: Words = ENGLISH) -> str:
    """Several of them in one phrase."""
    return words.listed([plain(one, words) for one in names])


def pair(first: str, second: str, words: Words = ENGLISH) -> str:
    """Two factors in a cell of a table."""
    return words.say("{first} and {second}", first=name(first, words), second=plain(second, words))


def about(subject: str, words: Words = ENGLISH) -> str:
    """What a criterion is of: a factor, a pair of factors ("a and b"), a step ("metric over region")."""
    if words.is_english:
        return plain(subject)
    first, _, second = subject.partition(" and ")
    if second:
        return words.say(
            "{first} and {second}", first=plain(first, words), second=plain(second, words)
        )
    step, _, group = subject.partition(" over ")
    if group and step in _STEPS:
        return words.say(
            "{step} step over {group}", step=step_named(step, words), group=plain(group, words)
        )
    return plain(subject, words)


def step_named(step: str, words: Words = ENGLISH) -> str:
    """A step of invariance within a sentence."""
    return words.say(_STEPS[step]) if step in _STEPS else step


# Of continuous and of ordinal items.
_STEPS = {
    "configural": msg("configural"),
    "metric": msg("metric"),
    "scalar": msg("scalar"),
    "strict": msg("strict"),
    "thresholds": msg("thresholds"),
    "loadings": msg("loadings"),
    "intercepts": msg("intercepts"),
    "residuals": msg("residuals"),
}


def lines(text: str) -> Iterator[str]:
    """Program text line by line, its indentation kept."""
    for line in text.splitlines():
        bare = line.lstrip(" ")
        yield "\N{NO-BREAK SPACE}" * (len(line) - len(bare)) + bare


def fit_text(fit: Fit, words: Words = ENGLISH) -> Text:
    """Chi-square and the usual indices, to stand in a note; of a robust estimator the scaled test and
    the robust indices.
    """
    write = Apa(words)
    said = words.say(
        _FIT if fit.get("chisq_scaled") is None else _SCALED_FIT,
        test="{test}",
        cfi=write.bounded(robust(fit, "cfi"), 3),
        rmsea=write.bounded(robust(fit, "rmsea"), 3),
        srmr=write.bounded(fit["srmr"], 3),
    )
    test = write.chi_square(robust(fit, "chisq"), fit["df"], robust(fit, "pvalue"))
    return filled(said, test=test)


def of_one_decimal(words: Words) -> Write:
    """How a column shows its numbers."""
    return partial(Apa(words).number, digits=1)


def of_three_digits(words: Words) -> Write:
    """How a column shows numbers that cannot exceed one in size."""
    return partial(Apa(words).bounded, digits=3)


def interval_of_three_digits(words: Words) -> Write:
    """How a column shows intervals of such numbers."""
    return partial(Apa(words).interval, digits=3)


def interval_column(
    share: float, write: Write, words: Words, *, level: float = 0.95, of: str = ""
) -> Column:
    """A column of intervals, headed by their level."""
    head = words.say("{level} CI", level=words.percent(100 * level))
    return Column(head, share, write, name=f"{of} {head}" if of else "")


def preferred(row: object, measure: str) -> Number:
    """A row's robust or scaled value where its estimator has one, else the plain one."""
    for attribute in (f"{measure}_robust", f"{measure}_scaled", measure):
        found: Number = getattr(row, attribute, None)
        if found is not None:
            return found
    return None
