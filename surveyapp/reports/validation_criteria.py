"""The criteria of a validation: what they are called, as a table, and in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Look, Styled, Table, Text
from surveyapp.results import phrases

Row = Mapping[str, Any]

MEASURES = {
    "kmo": "Kaiser-Meyer-Olkin measure",
    "bartlett_pvalue": "Bartlett's test, p",
    "parallel_factors": "Factors by parallel analysis",
    "cfi": "CFI",
    "tli": "TLI",
    "srmr": "SRMR",
    "rmsea": "RMSEA",
    "lowest_loading": "Lowest loading",
    "bic_of_best_rival_minus_own": "BIC of the best rival minus own",
    "alpha": "Cronbach's alpha",
    "omega": "McDonald's omega",
    "cr": "Composite reliability",
    "ave": "Average variance extracted",
    "root_ave_minus_largest_correlation": "Root of AVE minus largest correlation",
    "htmt": "HTMT",
    "htmt_upper": "HTMT, upper end of its interval",
    "factor_correlation_upper": "Correlation of factors, upper end of its interval",
    "d_cfi": "Change of CFI",
    "harman_first_share": "Share of Harman's first component",
    "full_collinearity_vif": "Full-collinearity VIF",
}
_SIGNS = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}
_COUNTED = {"parallel_factors"}
_FREE = {"bic_of_best_rival_minus_own", "full_collinearity_vif"}  # may exceed one
_MOST_CLAUSES = 2  # of a family, with their numbers; the table holds all
_SHORT = {  # how far a ladder of invariance got, where means may not be compared
    None: "not even the structure is the same",
    "configural": "only the structure is the same",
    "metric": "relations can be compared, means cannot",
}
_PAIRED = {"htmt", "htmt_upper", "factor_correlation_upper"}


@dataclass(frozen=True)
class Family:
    """Criteria that ask the same question, and what helps where they are not met."""

    name: str
    measures: tuple[str, ...]
    advice: str


FAMILIES = (  # the gravest first
    Family(
        "Model fit",
        ("cfi", "tli", "rmsea", "srmr"),
        "inspect the residual correlations for misfit before interpreting the factors",
    ),
    Family(
        "Reliability",
        ("alpha", "omega", "cr"),
        "do not report single scores of these factors, or measure them with more items",
    ),
    Family(
        "Discriminant validity",
        ("htmt", "htmt_upper", "factor_correlation_upper", "root_ave_minus_largest_correlation"),
        "do not interpret these factors as distinct: report them together, or sharpen their items",
    ),
    Family(
        "Convergent validity",
        ("lowest_loading", "ave"),
        "inspect the items with the lowest loadings; the section on purification"
        " proposes which to remove",
    ),
    Family(
        "Number of factors",
        ("parallel_factors", "bic_of_best_rival_minus_own"),
        "compare the model with its rivals before reporting its factors",
    ),
    Family(
        "Invariance",
        ("d_cfi",),
        "compare these groups only as far as the invariance steps hold",
    ),
    Family(
        "Sampling adequacy",
        ("kmo", "bartlett_pvalue"),
        "collect more answers, or look for items that share little with the others",
    ),
    Family(
        "Common method variance",
        ("harman_first_share", "full_collinearity_vif"),
        "consider all tests of method variance before relating these scores to"
        " answers from the same survey",
    ),
)


@dataclass(frozen=True)
class Unmet:
    """A family of criteria of which some are not met: in one clause each, and what to do."""

    family: Family
    clauses: tuple[str, ...]


def unmet(conclusions: Sequence[Row], ladders: Sequence[Row] = ()) -> tuple[Unmet, ...]:
    """The families with a criterion that is not met, the gravest first.

    ``ladders``: the document's invariance sections, which say more than their changes of CFI.
    """
    found = []
    for family in FAMILIES:
        clauses = tuple(_clauses(conclusions, family))
        if family.measures == ("d_cfi",) and ladders:
            clauses = tuple(_reached(ladders))
        if clauses:
            found.append(Unmet(family, clauses))
    return tuple(found)


def _reached(ladders: Sequence[Row]) -> Iterator[str]:
    for ladder in ladders:
        if ladder["reached"] in _SHORT:
            yield f"Between groups by {plain(ladder['group'])} {_SHORT[ladder['reached']]}"


def verdict(conclusions: Sequence[Row], ladders: Sequence[Row] = ()) -> str:
    """What to think of the scale, in the first sentences of the report."""
    known = [row for row in conclusions if row["holds"] is not None]
    if not known:
        return "No criterion could be judged with these answers; the warnings say why."
    met = sum(row["holds"] for row in known)
    unknown = len(conclusions) - len(known)
    left = f" {unknown} more could not be judged; the warnings say why." if unknown else ""
    families = unmet(conclusions, ladders)
    if met == len(known) and not families:
        stands = "" if unknown else ": the scale can be used as it stands"
        return f"All {len(known)} criteria{' that could be judged' if unknown else ''} are met{stands}.{left}"
    count = f"{met:,} of {len(known):,} criteria are met."
    if not families:
        return f"{count} The table names the others.{left}"
    names = [one.family.name.lower() for one in families]
    verb = "needs" if len(names) == 1 else "need"
    first = families[0].family.advice
    return f"{count} {phrases.listed(names).capitalize()} {verb} attention: {first}.{left}"


def _clauses(conclusions: Sequence[Row], family: Family) -> Iterator[str]:
    for measure in family.measures:
        rows = [row for row in conclusions if row["measure"] == measure]
        missed = [row for row in rows if row["holds"] is False]
        if not missed:
            continue
        worst = min(missed, key=_margin)
        needed = f"{_SIGNS[worst['relation']]} {_cut(worst)} needed"
        where = f" ({plain(worst['subject'])}; {needed}" if worst["subject"] else f" ({needed}"
        if len(rows) > 1:
            what = "pairs" if measure in _PAIRED else "steps" if measure == "d_cfi" else "factors"
            where += f"; {len(missed)} of {len(rows)} {what}"
        yield f"{MEASURES[measure]} {_value(measure, worst['value'])}{where})"


def told(one: Unmet) -> str:
    """The clauses in one sentence; beyond two they are only counted."""
    more = len(one.clauses) - _MOST_CLAUSES
    rest = "" if more < 1 else f"; {more} more in the table"
    return f"{'; '.join(one.clauses[:_MOST_CLAUSES])}{rest}."


def plain(subject: str) -> str:
    """A factor or a pair of factors as people write it."""
    return subject.replace("_", " ")


def _cut(row: Row) -> str:
    digits = 0 if row["measure"] in _COUNTED or float(row["cut"]).is_integer() else 2
    return apa.bounded(row["cut"], digits)


def _value(measure: str, value: apa.Value) -> str:
    if measure in _COUNTED:
        return apa.count(value)
    if measure.endswith("pvalue"):
        return apa.pvalue(value)
    return apa.number(value) if measure in _FREE else apa.bounded(value, 3)


def _weakest(conclusions: Sequence[Row]) -> list[Row]:
    """One row a criterion: where several factors have it, the one that is worst off."""
    found: dict[str, Row] = {}
    for row in conclusions:
        known = found.get(row["measure"])
        if known is None or _margin(row) < _margin(known):
            found[row["measure"]] = row
    return list(found.values())


def _margin(row: Row) -> float:
    """How far a value is on the good side of its cut-off; unknown ones come last."""
    if row["value"] is None:
        return float("inf")
    away = float(row["value"]) - float(row["cut"])
    return -abs(away) if row["relation"] == "==" else -away if "<" in row["relation"] else away


def criteria(conclusions: Sequence[Row], number: int) -> Table:
    """Each criterion with its value, cut-off and the source of the cut-off."""
    rows: list[list[Text]] = []
    for row in _weakest(conclusions):
        measure = row["measure"]
        met: Text = (
            "unknown" if row["holds"] is None else "yes" if row["holds"] else (Styled("no"),)
        )
        subject = f", {plain(row['subject'])}" if row["subject"] else ""
        rows.append(
            [
                MEASURES[measure] + subject,
                _value(measure, row["value"]),
                f"{_SIGNS[row['relation']]} {_cut(row)}",
                row["source"],
                met,
            ]
        )
    return Table(
        number=number,
        title="Criteria of the Validation, Their Cut-Offs and Sources",
        head=["Criterion", "Value", "Cut-off", "Source of the cut-off", "Met"],
        rows=rows,
        align="lrrll",
        widths=[0.38, 0.085, 0.085, 0.355, 0.095],
        note="Where a criterion applies to several factors, the worst is given. Cut-offs"
        " are conventions, not laws: a value just below one means nearly the same as"
        " one just above.",
        look=Look.APA,
    )
