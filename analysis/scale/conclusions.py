"""What a validation's numbers mean by the field's conventions: each cut-off with its source.

A cut-off is a convention, not a law: every conclusion carries its value, the cut and the source,
so that a reader may judge by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Sections = Mapping[str, Any]


@dataclass(frozen=True)
class Conclusion:
    """One convention applied: ``value`` compared with ``cut`` by ``relation``.

    ``step`` is the document's section, ``subject`` the factor or pair it is about (None: the whole
    scale). ``holds`` is None where the value could not be computed.
    """

    step: str
    measure: str
    subject: str | None
    value: float | None
    relation: str  # ">=", "<=", ">", "<", "=="
    cut: float
    source: str
    holds: bool | None


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, cut: value >= cut,
    "<=": lambda value, cut: value <= cut,
    ">": lambda value, cut: value > cut,
    "<": lambda value, cut: value < cut,
    "==": lambda value, cut: value == cut,
}

FIT_CUTS = (
    ("cfi", ">=", 0.95, "Hu & Bentler 1999"),
    ("tli", ">=", 0.95, "Hu & Bentler 1999"),
    ("srmr", "<=", 0.08, "Hu & Bentler 1999"),
    ("rmsea", "<=", 0.08, "Browne & Cudeck 1993"),
)
RELIABILITY_CUTS = (
    ("alpha", ">=", 0.70, "Nunnally 1978"),
    ("omega", ">=", 0.70, "McDonald 1999; cut as Nunnally 1978"),
    ("cr", ">=", 0.70, "Bagozzi & Yi 1988"),
    ("ave", ">=", 0.50, "Fornell & Larcker 1981"),
)


def conclusions(sections: Sections) -> tuple[Conclusion, ...]:
    """Apply the conventions to a validation's sections (``analysis.scale.document``), in their order.

    A section that is None or absent yields nothing.
    """
    found: list[Conclusion] = []
    for reader in (
        _explored,
        _fitted,
        _compared,
        _reliable,
        _distinct,
        _intervals,
        _invariant,
        _method,
    ):
        found += reader(sections)
    return tuple(found)


def _one(
    step: str,
    measure: str,
    value: float | None,
    relation: str,
    cut: float,
    source: str,
    subject: str | None = None,
) -> Conclusion:
    known = value is not None and value == value
    return Conclusion(
        step=step,
        measure=measure,
        subject=subject,
        value=value if known else None,
        relation=relation,
        cut=cut,
        source=source,
        holds=bool(_COMPARE[relation](value, cut)) if known and value is not None else None,
    )


def _explored(sections: Sections) -> Iterator[Conclusion]:
    if adequacy := sections.get("adequacy"):
        yield _one("adequacy", "kmo", adequacy["kmo"], ">=", 0.60, "Kaiser 1974")
        p = adequacy["bartlett"]["pvalue"]
        yield _one("adequacy", "bartlett_pvalue", p, "<", 0.05, "Bartlett 1951")
    if count := sections.get("factor_count"):
        suggested = count["factors"]["suggested"]
        yield _one(
            "factor_count",
            "parallel_factors",
            suggested,
            "==",
            sections["sample"]["n_factors"],
            "Horn 1965; Humphreys & Montanelli 1975",
        )


def _robust(fit: Mapping[str, float | None], measure: str) -> float | None:
    """The robust measure (Brosseau-Liard & Savalei 2014) where the estimator gives one."""
    for name in (f"{measure}_robust", f"{measure}_scaled", measure):
        if fit.get(name) is not None:
            return fit[name]
    return None


def _fitted(sections: Sections) -> Iterator[Conclusion]:
    if cfa := sections.get("cfa"):
        for measure, relation, cut, source in FIT_CUTS:
            yield _one("cfa", measure, _robust(cfa["fit"], measure), relation, cut, source)
        for factor in cfa["factors"]:
            mine = [x["std_all"] for x in cfa["loadings"] if x["factor"] == factor]
            lowest = None if len(mine) < 2 or None in mine else min(abs(x) for x in mine)
            yield _one(
                "cfa",
                "lowest_loading",
                lowest,
                ">=",
                0.70,
                "Hair, Black, Babin & Anderson 2019",
                factor,
            )


def _intervals(sections: Sections) -> Iterator[Conclusion]:
    if cfa := sections.get("cfa"):
        for row in cfa["factor_correlation_intervals"]:
            pair = f"{row['first']} and {row['second']}"
            upper = row["upper"]
            yield _one(
                "cfa", "factor_correlation_upper", upper, "<", 0.90, "Ronkko & Cho 2022", pair
            )
    if table := sections.get("htmt_intervals"):
        for row in table["pairs"]:
            pair = f"{row['first']} and {row['second']}"
            yield _one(
                "htmt",
                "htmt_upper",
                row["upper"],
                "<",
                1.0,
                "Henseler, Ringle & Sarstedt 2015",
                pair,
            )


def _compared(sections: Sections) -> Iterator[Conclusion]:
    rivals = sections.get("rivals") or []
    mine = next((row["fit"]["bic"] for row in rivals if row["kind"] == "hypothesised"), None)
    others = [
        row["fit"]["bic"] - mine
        for row in rivals
        if mine is not None
        and row["kind"] in ("one_factor", "merged")
        and row["fit"]["bic"] is not None
    ]
    if others:
        yield _one("rivals", "bic_of_best_rival_minus_own", min(others), ">", 0.0, "Raftery 1995")


def _reliable(sections: Sections) -> Iterator[Conclusion]:
    for row in sections.get("reliability") or []:
        if row["n_items"] > 1:
            for measure, relation, cut, source in RELIABILITY_CUTS:
                yield _one(
                    "reliability", measure, row[measure], relation, cut, source, row["factor"]
                )


def _distinct(sections: Sections) -> Iterator[Conclusion]:
    if table := sections.get("fornell_larcker"):
        for i, factor in enumerate(table["factors"]):
            row = [abs(x) for j, x in enumerate(table["matrix"][i]) if j != i and x is not None]
            root = table["matrix"][i][i]
            gap = None if root is None or root != root or not row else root - max(row)
            yield _one(
                "fornell_larcker",
                "root_ave_minus_largest_correlation",
                gap,
                ">",
                0.0,
                "Fornell & Larcker 1981",
                factor,
            )
    if table := sections.get("htmt"):
        names = table["factors"]
        for i in range(len(names)):
            for j in range(i + 1, len(names)):
                yield _one(
                    "htmt",
                    "htmt",
                    table["htmt"][i][j],
                    "<",
                    0.85,
                    "Henseler, Ringle & Sarstedt 2015",
                    f"{names[i]} and {names[j]}",
                )


def _invariant(sections: Sections) -> Iterator[Conclusion]:
    for ladder in sections.get("invariance") or []:
        for row in ladder["steps"]:
            if row["d_cfi"] is not None:
                bound = ladder["rules"]["d_cfi"]
                subject = f"{row['step']} over {ladder['group']}"
                source = "Cheung & Rensvold 2002" if bound == -0.010 else "Chen 2007"
                yield _one("invariance", "d_cfi", row["d_cfi"], ">=", bound, source, subject)


def _method(sections: Sections) -> Iterator[Conclusion]:
    method = sections.get("method_variance") or {}
    if harman := method.get("harman"):
        yield _one(
            "method_variance",
            "harman_first_share",
            harman["first_share"],
            "<=",
            0.50,
            "Podsakoff & Organ 1986",
        )
    for row in method.get("full_collinearity") or []:
        yield _one(
            "method_variance",
            "full_collinearity_vif",
            row["vif"],
            "<=",
            3.3,
            "Kock 2015",
            row["factor"],
        )
