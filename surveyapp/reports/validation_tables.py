"""The tables of the scale validation report, in APA style, from the stored validation document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Look, Styled, Table, Text, italic

Section = Mapping[str, Any]

# What the criteria are called; a measure that is missing here is shown under its own name.
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
    "harman_first_share": "Share of Harman's first component",
    "full_collinearity_vif": "Full-collinearity VIF",
    "marker_correlation": "Correlation with the marker",
}
_SIGNS = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}
_COUNTED = {"parallel_factors"}
_INDENT = "\N{NO-BREAK SPACE}" * 4
_SIGNS_OF_CARELESSNESS = {
    "longstring": "Long run of one answer",
    "irv": "Little spread of answers",
    "mahalanobis": "Unusual pattern",
    "speed": "Speed",
}
_FREE = {"bic_of_best_rival_minus_own", "full_collinearity_vif"}  # may exceed one


class Numbers:
    """Table numbers in their order of appearance."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last += 1
        return self._last


def name(factor: str) -> str:
    return factor.replace("_", " ").capitalize()


def _value(measure: str, value: apa.Value) -> str:
    if measure in _COUNTED:
        return apa.count(value)
    if measure.endswith("pvalue"):
        return apa.pvalue(value)
    return apa.number(value) if measure in _FREE else apa.bounded(value, 3)


def _weakest(conclusions: Sequence[Section]) -> list[Section]:
    """One row a criterion: where several factors have it, the one that is worst off."""
    found: dict[str, Section] = {}
    for row in conclusions:
        known = found.get(row["measure"])
        if known is None or _margin(row) < _margin(known):
            found[row["measure"]] = row
    return list(found.values())


def _margin(row: Section) -> float:
    """How far a value is on the good side of its cut-off; unknown ones come first."""
    if row["value"] is None:
        return float("-inf")
    away = float(row["value"]) - float(row["cut"])
    return -abs(away) if row["relation"] == "==" else -away if "<" in row["relation"] else away


def criteria(conclusions: Sequence[Section], number: int) -> Table:
    """Each criterion with its value, cut-off and the source of the cut-off."""
    rows: list[list[Text]] = []
    for row in _weakest(conclusions):
        measure = row["measure"]
        cut = row["cut"]
        digits = 0 if measure in _COUNTED or float(cut).is_integer() else 2
        met: Text = (
            "unknown" if row["holds"] is None else "yes" if row["holds"] else (Styled("no"),)
        )
        subject = f", {row['subject']}" if row["subject"] else ""
        rows.append(
            [
                MEASURES.get(measure, measure.replace("_", " ").capitalize()) + subject,
                _value(measure, row["value"]),
                f"{_SIGNS[row['relation']]} {apa.bounded(cut, digits)}",
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
        widths=[0.385, 0.085, 0.09, 0.37, 0.07],
        note="Where several factors have a criterion, the one worst off is named. Cut-offs are "
        "conventions, not laws: a value just below one means nearly the same as one just above.",
        look=Look.APA,
    )


def items(rows: Sequence[Section], number: int) -> Table:
    flagged = [row["item"] for row in rows if max(row["floor"] or 0, row["ceiling"] or 0) > 0.15]
    said = (
        f"More than 15 % of answers at an end of the scale (Terwee et al., 2007): {', '.join(flagged)}."
        if flagged
        else "No item has more than 15 % of answers at an end of the scale (Terwee et al., 2007)."
    )
    return Table(
        number=number,
        title="Descriptive Statistics of the Items",
        head=["Item", apa.N, apa.M, apa.SD, "Median", "Skew", "Kurtosis", "Floor %", "Ceiling %"],
        rows=[
            [
                row["item"],
                apa.count(row["n"]),
                apa.number(row["mean"]),
                apa.number(row["sd"]),
                apa.number(row["median"], 0),
                apa.number(row["skew"]),
                apa.number(row["kurtosis"]),
                apa.number(None if row["floor"] is None else 100 * row["floor"], 1),
                apa.number(None if row["ceiling"] is None else 100 * row["ceiling"], 1),
            ]
            for row in rows
        ],
        align="lrrrrrrrr",
        widths=[0.14, 0.09, 0.10, 0.10, 0.11, 0.11, 0.12, 0.11, 0.12],
        note=f"Kurtosis is excess kurtosis; skew and kurtosis are of type 3 (b). {said}",
        look=Look.APA,
    )


def explored(efa: Section, number: int) -> Table:
    names = list(efa["names"])
    rows: list[list[Text]] = []
    for row in efa["items"]:
        loads = [
            (Styled(apa.bounded(value)),) if abs(value or 0) >= 0.40 else apa.bounded(value)
            for value in row["loadings"]
        ]
        rows.append([row["item"], name(row["factor"]), *loads, apa.bounded(row["communality"])])
    variance = [apa.bounded(value) for value in efa["variance"]]
    rows.append(["Share of variance", "", *variance, ""])
    return Table(
        number=number,
        title=f"Exploratory Factor Analysis: Pattern Loadings ({efa['method']}, {efa['rotation']})",
        head=["Item", "Intended factor", *names, (*italic("h"), "²")],
        rows=rows,
        align="ll" + "r" * (len(names) + 1),
        widths=[0.20, 0.26, *[0.54 / (len(names) + 1)] * (len(names) + 1)],
        note=(
            apa.N[0],
            f" = {efa['n']:,}. Loadings of .40 or more in size are in semibold. Fit: ",
            *apa.chi_square(efa["chisq"], efa["df"], efa["pvalue"]),
            f"; root mean square of the residual correlations {apa.bounded(efa['residual_rms'], 3)}.",
        ),
        look=Look.APA,
    )


def fits(rivals: Sequence[Section], number: int) -> Table:
    rows: list[list[Text]] = []
    for row in rivals:
        fit = row["fit"]
        interval = apa.between(fit.get("rmsea_ci_lower"), fit.get("rmsea_ci_upper"), 3)
        rows.append(
            [
                row["name"].replace("_", " ").capitalize(),
                apa.number(fit["chisq"], 1),
                apa.count(fit["df"]),
                apa.bounded(fit.get("cfi"), 3),
                apa.bounded(fit.get("tli"), 3),
                apa.bounded(fit.get("rmsea"), 3),
                interval,
                apa.bounded(fit.get("srmr"), 3),
                apa.number(row["delta_chisq"], 1),
                apa.count(row["delta_df"]),
            ]
        )
    return Table(
        number=number,
        title="Fit of the Hypothesised Model and Its Rivals",
        head=["Model", apa.CHI, apa.DF, "CFI", "TLI", "RMSEA", "90 % CI", "SRMR", apa.DELTA_CHI, ("Δ", *apa.DF)],
        rows=rows,
        align="lrrrrrrrrr",
        widths=[0.25, 0.095, 0.055, 0.07, 0.07, 0.08, 0.145, 0.07, 0.105, 0.06],
        note="CI = confidence interval. Δ compares with the hypothesised model, in the first row.",
        look=Look.APA,
        strong=frozenset({0}),
    )  # fmt: skip


def loadings(cfa: Section, number: int) -> Table:
    rows: list[list[Text]] = []
    groups = []
    factor = None
    for row in cfa["loadings"]:
        if row["factor"] != factor:
            factor = row["factor"]
            groups.append(len(rows))
            rows.append([name(factor), "", "", "", "", "", ""])
        std, se = row["std_all"], row.get("std_se")
        ends = (None, None) if std is None or se is None else (std - 1.96 * se, std + 1.96 * se)
        rows.append(
            [
                f"{_INDENT}{row['item']}",
                apa.number(row["est"]),
                apa.number(row["se"]),
                apa.pvalue(row["pvalue"]),
                apa.bounded(std),
                apa.between(*ends),
                apa.bounded(row["r_squared"]),
            ]
        )
    return Table(
        number=number,
        title="Confirmatory Factor Analysis: Loadings",
        head=["Item", italic("b"), italic("SE"), apa.P, "Standardised", "95 % CI", (*italic("R"), "²")],
        rows=rows,
        align="lrrrrrr",
        widths=[0.24, 0.11, 0.11, 0.12, 0.15, 0.17, 0.10],
        groups=frozenset(groups),
        note="The first loading of each factor is fixed at 1 and has no standard error.",
        look=Look.APA,
    )  # fmt: skip


def reliability(rows: Sequence[Section], number: int) -> Table:
    level = f"{rows[0]['alpha_level']:.0%}".replace("%", " %") if rows else "95 %"
    return Table(
        number=number,
        title="Reliability and Convergent Validity",
        head=["Factor", "Items", apa.ALPHA, f"{level} CI", apa.OMEGA, "CR", "AVE"],
        rows=[
            [
                name(row["factor"]),
                str(row["n_items"]),
                apa.bounded(row["alpha"], 3),
                apa.between(row["alpha_lower"], row["alpha_upper"], 3),
                apa.bounded(row["omega"], 3),
                apa.bounded(row["cr"], 3),
                apa.bounded(row["ave"], 3),
            ]
            for row in rows
        ],
        align="lrrrrrr",
        widths=[0.28, 0.09, 0.11, 0.20, 0.11, 0.10, 0.11],
        note="Interval of alpha by Feldt; CR = composite reliability and AVE = average variance "
        "extracted, both from standardised loadings.",
        look=Look.APA,
    )


def discriminant(fornell: Section, htmt: Section | None, number: int) -> Table:
    """Correlations below the diagonal, root of AVE on it, HTMT above it."""
    factors = list(fornell["factors"])
    above = htmt["htmt"] if htmt else None
    rows: list[list[Text]] = []
    for i, factor in enumerate(factors):
        row: list[Text] = [f"{i + 1}. {name(factor)}"]
        for j in range(len(factors)):
            if i == j:
                row.append((Styled(apa.bounded(fornell["matrix"][i][j])),))
            elif i > j:
                row.append(apa.bounded(fornell["matrix"][i][j]))
            else:
                row.append(italic(apa.bounded(above[i][j])) if above else "")
        rows.append(row)
    return Table(
        number=number,
        title="Discriminant Validity",
        head=["Factor", *(str(i + 1) for i in range(len(factors)))],
        rows=rows,
        align="l" + "r" * len(factors),
        widths=[0.34, *[0.66 / len(factors)] * len(factors)],
        note="Diagonal, semibold: root of AVE. Below: correlations of the factors (Fornell & Larcker, "
        "1981). Above, italics: HTMT (Henseler et al., 2015).",
        look=Look.APA,
    )


def htmt_intervals(section: Section, number: int) -> Table:
    level = f"{section['level']:.0%}".replace("%", " %")
    return Table(
        number=number,
        title="HTMT With Bootstrap Intervals",
        head=["Factors", "HTMT", f"{level} CI"],
        rows=[
            [
                f"{name(pair['first'])} and {pair['second']}",
                apa.bounded(pair["estimate"], 3),
                apa.between(pair["lower"], pair["upper"], 3),
            ]
            for pair in section["pairs"]
        ],
        align="lrr",
        widths=[0.5, 0.2, 0.3],
        note=f"Percentile intervals of {section['reps']:,} resamples, "
        f"{section['inadmissible']:,} inadmissible ones left out.",
        look=Look.APA,
    )


def careless(section: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Signs of Careless Answering",
        head=["Sign", "Cut-off", "Unit", "Source", "Flagged"],
        rows=[
            [
                _SIGNS_OF_CARELESSNESS.get(row["indicator"], row["indicator"]),
                apa.number(row["cut"], 2 if row["cut"] and row["cut"] % 1 else 0),
                row["unit"],
                row["source"],
                apa.count(row["n_flagged"]),
            ]
            for row in section["indicators"]
        ],
        align="lrllr",
        widths=[0.23, 0.1, 0.29, 0.27, 0.11],
        note="Flags are proposals to look, never a reason to delete by themselves.",
        look=Look.APA,
    )


def lines(text: str) -> Iterator[str]:
    """Program text line by line, its indentation kept."""
    for line in text.splitlines():
        bare = line.lstrip(" ")
        yield "\N{NO-BREAK SPACE}" * (len(line) - len(bare)) + bare
