"""Names of factors and items, and program text, as the report sets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.scale.sections.cfa import robust
from analysis.scale.study import Fit, Number
from surveyapp.reports import apa
from surveyapp.reports.document import Styled
from surveyapp.results import phrases

_INDENT = "\N{NO-BREAK SPACE}" * 4


def name(factor: str) -> str:
    """A factor's name at the beginning of a cell or sentence."""
    return plain(factor).capitalize()


def plain(subject: str) -> str:
    """A factor, a pair of factors or a grouping column as people write it."""
    return subject.replace("_", " ")


def plain_list(names: Sequence[str]) -> str:
    """Several of them in one phrase."""
    return phrases.listed([plain(one) for one in names])


def pair(first: str, second: str) -> str:
    """Two factors in a cell of a table."""
    return f"{name(first)} and {plain(second)}"


def indented(item: str) -> str:
    """An item under the heading of its factor."""
    return f"{_INDENT}{item}"


def lines(text: str) -> Iterator[str]:
    """Program text line by line, its indentation kept."""
    for line in text.splitlines():
        bare = line.lstrip(" ")
        yield "\N{NO-BREAK SPACE}" * (len(line) - len(bare)) + bare


def fit_text(fit: Fit) -> tuple[str | Styled, ...]:
    """Chi-square and the usual indices, to stand in a note; of a robust estimator the scaled test and
    the robust indices.
    """
    return (
        *apa.chi_square(robust(fit, "chisq"), fit["df"], robust(fit, "pvalue")),
        f"{SCALED if fit.get('chisq_scaled') is not None else ''}, CFI = "
        f"{apa.bounded(robust(fit, 'cfi'), 3)}, RMSEA = {apa.bounded(robust(fit, 'rmsea'), 3)}, SRMR = "
        f"{apa.bounded(fit['srmr'], 3)}",
    )


SCALED = " (scaled)"


def preferred(row: object, measure: str) -> Number:
    """A row's robust or scaled value where its estimator has one, else the plain one."""
    for attribute in (f"{measure}_robust", f"{measure}_scaled", measure):
        found: Number = getattr(row, attribute, None)
        if found is not None:
            return found
    return None
