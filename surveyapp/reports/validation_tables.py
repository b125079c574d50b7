"""The tables of the scale validation report, in APA style, from the stored validation document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Look, Styled, Table, Text, italic

Section = Mapping[str, Any]

_INDENT = "\N{NO-BREAK SPACE}" * 4


class Numbers:
    """Table numbers in their order of appearance."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last += 1
        return self._last


def name(factor: str) -> str:
    return factor.replace("_", " ").capitalize()


def indented(item: str) -> str:
    """An item under the heading of its factor."""
    return f"{_INDENT}{item}"


def items(rows: Sequence[Section], number: int) -> Table:
    flagged = [row["item"] for row in rows if max(row["floor"] or 0, row["ceiling"] or 0) > 0.15]
    said = (
        (
            "More than 15% of answers at one end of the scale (Terwee et al., 2007):"
            f" {', '.join(flagged)}."
        )
        if flagged
        else "No item has more than 15% of answers at one end of the scale (Terwee et al., 2007)."
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
        head=["Model", apa.CHI, apa.DF, "CFI", "TLI", "RMSEA", "90% CI", "SRMR", apa.DELTA_CHI, ("Δ", *apa.DF)],
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
                indented(row["item"]),
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
        head=["Item", italic("b"), italic("SE"), apa.P, "Standardised", "95% CI", (*italic("R"), "²")],
        rows=rows,
        align="lrrrrrr",
        widths=[0.24, 0.11, 0.11, 0.12, 0.15, 0.17, 0.10],
        groups=frozenset(groups),
        note="The first loading of each factor is fixed at 1 and has no standard error.",
        look=Look.APA,
    )  # fmt: skip


def reliability(rows: Sequence[Section], number: int) -> Table:
    level = f"{rows[0]['alpha_level']:.0%}" if rows else "95%"
    return Table(
        number=number,
        title="Reliability and Convergent Validity",
        head=["Factor", "Items", apa.ALPHA, f"{level} CI", ("Ordinal ", *apa.ALPHA), apa.OMEGA, "CR", "AVE"],
        rows=[
            [
                name(row["factor"]),
                str(row["n_items"]),
                apa.bounded(row["alpha"], 3),
                apa.between(row["alpha_lower"], row["alpha_upper"], 3),
                apa.bounded(row.get("alpha_ordinal"), 3),
                apa.bounded(row["omega"], 3),
                apa.bounded(row["cr"], 3),
                apa.bounded(row["ave"], 3),
            ]
            for row in rows
        ],
        align="lrrrrrrr",
        widths=[0.25, 0.08, 0.10, 0.18, 0.12, 0.09, 0.09, 0.09],
        note="Interval of alpha by Feldt; ordinal alpha from polychoric correlations, for items of up "
        "to ten answers (Zumbo et al., 2007); CR = composite reliability and AVE = average variance "
        "extracted, both from standardised loadings.",
        look=Look.APA,
    )  # fmt: skip


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


def factor_correlations(rows: Sequence[Section], number: int) -> Table:
    """Each pair of factors: how closely the model says that they go together."""
    return Table(
        number=number,
        title="Correlations of the Factors With Their Intervals",
        head=["Factors", italic("r"), italic("SE"), "95% CI", "Lack of distinctness"],
        rows=[
            [
                f"{name(row['first'])} and {row['second'].replace('_', ' ')}",
                apa.bounded(row["r"], 3),
                apa.bounded(row["se"], 3),
                apa.between(row["lower"], row["upper"], 3),
                _overlap(row["upper"]),
            ]
            for row in rows
        ],
        align="lrrrl",
        widths=[0.39, 0.11, 0.11, 0.19, 0.20],
        note="Of the confirmatory model. The last column classes the interval's upper end (Rönkkö & "
        "Cho, 2022): a little from .80, moderately from .90, severely from 1.",
        look=Look.APA,
    )


def _overlap(upper: apa.Value) -> str:
    if upper is None:
        return apa.DASH
    return next(
        word
        for least, word in ((1.0, "severely"), (0.9, "moderately"), (0.8, "a little"), (-9.0, "no"))
        if upper >= least
    )


def htmt_intervals(section: Section, number: int) -> Table:
    level = f"{section['level']:.0%}"
    return Table(
        number=number,
        title="HTMT With Bootstrap Intervals",
        head=["Factors", "HTMT", f"{level} CI"],
        rows=[
            [
                f"{name(pair['first'])} and {pair['second'].replace('_', ' ')}",
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


def lines(text: str) -> Iterator[str]:
    """Program text line by line, its indentation kept."""
    for line in text.splitlines():
        bare = line.lstrip(" ")
        yield "\N{NO-BREAK SPACE}" * (len(line) - len(bare)) + bare
