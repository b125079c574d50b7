"""The tables of the service journey study, in APA style, from its stored document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from analysis.composite.sjq_discriminant import CUT
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited, told
from surveyapp.reports.document import (
    Cell,
    Column,
    Interval,
    Look,
    Quantity,
    Styled,
    Table,
    Text,
    italic,
)
from surveyapp.reports.measured_models import label

Section = Mapping[str, Any]
_CI = "95% CI"
_R2: Text = (*italic("R"), "²")
_F2: Text = (*italic("f"), "²")
_RHO: Text = (*italic("ρ"), "A")
SJQ, QUALITY, LOYAL = "sjq", "service_quality", "loyalty"


def hypotheses(study: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Hypotheses and Results",
        columns=[
            Column("", 0.05, name="Code"),
            Column("Hypothesis", 0.27),
            Column("Effect", 0.07, apa.bounded),
            Column(_CI, 0.13, apa.interval),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Verdict", 0.40),
        ],
        cells=[
            [
                (Styled(row["code"]),),
                row["claim"],
                row["estimate"],
                Interval(row["lower"], row["upper"]),
                row["p"],
                row["verdict"],
            ]
            for row in study["hypotheses"]
        ],
        note="Standardised total effects (H1, H2) and total indirect effect (H3). CI = percentile "
        "bootstrap confidence interval; a hypothesis is supported when it lies above zero.",
        look=Look.APA,
    )


def reliability(study: Section, first_order: Sequence[str], number: int) -> Table:
    rows: list[list[Cell]] = []
    for name in first_order:
        row = study["full"]["reliability"][name]
        loads = [x["estimate"] for x in study["full"]["loadings"] if x["construct"] == name]
        rows.append(
            [
                label(name),
                len(loads),
                Interval(min(loads), max(loads)),
                *(row[key] for key in ("alpha", "rho_a", "cr", "ave")),
            ]
        )
    return Table(
        number=number,
        title="Reliability and Convergent Validity",
        columns=[
            Column("Construct", 0.28),
            Column("Items", 0.09, apa.count),
            Column("Loadings", 0.19, _range),
            Column(apa.ALPHA, 0.11, apa.bounded),
            Column(_RHO, 0.11, apa.bounded),
            Column("CR", 0.11, apa.bounded),
            Column("AVE", 0.11, apa.bounded),
        ],
        cells=rows,
        note="Full model. CR = composite reliability; AVE = average variance extracted. Usual "
        f"cut-offs: loadings .70, reliability .70, AVE .50 {cited('hair-risher-2019')}.",
        look=Look.APA,
    )


def _range(found: Interval) -> str:
    return f"{apa.bounded(found.low)} to {apa.bounded(found.high)}"


def discriminant(study: Section, first_order: Sequence[str], number: int) -> Table:
    """HTMT below the diagonal, the root of AVE on it, correlations above."""
    full = study["full"]
    rows: list[list[Cell]] = []
    for i, name in enumerate(first_order):
        cells: list[Cell] = []
        for j, other in enumerate(first_order):
            if i == j:
                root = full["fornell_larcker"][name][name]
                cells.append(Quantity(root, (Styled(apa.bounded(root)),)))
            elif i > j:
                cells.append(_flagged(full["htmt"][name][other]))
            else:
                r = full["correlations"][name][other]
                cells.append(Quantity(r, italic(apa.bounded(r))))
        rows.append([Quantity(label(name), f"{i + 1}. {label(name)}"), *cells])
    share = 0.74 / len(first_order)
    return Table(
        number=number,
        title="Discriminant Validity",
        columns=[
            Column("Construct", 0.26),
            *(
                Column(str(i), share, apa.bounded, name=label(name))
                for i, name in enumerate(first_order, start=1)
            ),
        ],
        cells=rows,
        note=f"Below the diagonal: HTMT {cited('henseler-2015')}, * = at or above the cut-off of .85. "
        "Diagonal, semibold: root of AVE. Above, italics: correlations of the constructs.",
        look=Look.APA,
    )


def _flagged(htmt: float | None) -> Cell:
    """HTMT; one that reaches the cut-off with a star."""
    if htmt is None:
        return htmt
    return Quantity(htmt, f"{apa.beside(htmt, CUT)}{'*' if htmt >= CUT else ''}")


def paths(study: Section, number: int) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    for name, title in (("baseline", "Baseline model"), ("full", "Full model")):
        fit = study[name]
        found = {tuple(row["label"]): row for row in fit["bootstrap"]["tables"]["paths"]}
        groups.append(len(rows))
        rows.append([title, "", "", "", "", ""])
        for path in fit["paths"]:
            row = found[path["source"], path["target"]]
            rows.append(
                [
                    f"{label(path['source'])} → {label(path['target'])}",
                    path["estimate"],
                    Interval(row["lower"], row["upper"]),
                    row["p_percentile"],
                    _size(path["f_squared"]),
                    _size(path["vif"]),
                ]
            )
    return Table(
        number=number,
        title="Paths",
        columns=[
            Column("Path", 0.42),
            Column("Estimate", 0.11, apa.bounded),
            Column(_CI, 0.17, apa.interval),
            Column(apa.P, 0.1, apa.pvalue),
            Column(_F2, 0.1, apa.number),
            Column("VIF", 0.1, apa.number),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=f"Percentile intervals of {study['full']['bootstrap']['resamples']:,} resamples. Paths "
        "from dimensions are their weights in the construct that they compose; as such a construct "
        "is computed from its dimensions, their effect size is not a number.",
        look=Look.APA,
    )


def _size(value: float | None) -> float | None:
    """Effect sizes and VIF; a construct that its parts explain wholly has no effect size."""
    return None if value is None or value > 1000 else value


def explained(study: Section, number: int) -> Table:
    rows: list[list[Cell]] = []
    for name, title in (("baseline", "Baseline"), ("full", "Full")):
        fit = study[name]
        found = {row["label"][0]: row for row in fit["bootstrap"]["tables"]["r_squared"]}
        for construct, row in fit["r_squared"].items():
            spread = found.get(construct)
            if spread is None or row["r_squared"] > 0.9999:
                continue  # composed by its parts without remainder
            rows.append(
                [
                    title,
                    label(construct),
                    row["r_squared"],
                    Interval(spread["lower"], spread["upper"]),
                    row["adjusted"],
                ]
            )
    return Table(
        number=number,
        title="Explained Variance",
        columns=[
            Column("Model", 0.2),
            Column("Construct", 0.32),
            Column(_R2, 0.12, apa.bounded),
            Column(_CI, 0.2, apa.interval),
            Column(("Adjusted ", *_R2), 0.16, apa.bounded),
        ],
        cells=rows,
        look=Look.APA,
    )


def mediation(study: Section, number: int) -> Table:
    found = study["mediation"]
    rows: list[list[Cell]] = []
    for effect in found["specific"]:
        rows.append([" → ".join(label(name) for name in effect["way"]), *_effect(effect)])
    for name, title in (
        ("indirect", "Total indirect effect"), ("direct", "Direct effect"), ("total", "Total effect"),
    ):  # fmt: skip
        if found[name] is not None:
            rows.append([title, *_effect(found[name])])
    share = f"{100 * found['vaf']:.0f}%" if found["vaf"] is not None else "not defined"
    return Table(
        number=number,
        title="Effects of Service Journey Quality on Loyalty",
        columns=[
            Column("Effect", 0.57),
            Column("Estimate", 0.12, apa.bounded),
            Column(_CI, 0.19, apa.interval),
            Column(apa.P, 0.12, apa.pvalue),
        ],
        cells=rows,
        strong=frozenset({len(rows) - 1}),
        note=f"Share of the total effect that runs through service quality: {share}. Kind of "
        f"mediation after {told('zhao-2010')}: {found['kind']}.",
        look=Look.APA,
    )


def _effect(effect: Section) -> list[Cell]:
    return [effect["estimate"], Interval(effect["lower"], effect["upper"]), effect["p"]]


def importance(study: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Importance for Loyalty and Performance of Each Dimension",
        columns=[
            Column("Construct", 0.2),
            Column("Dimension", 0.22),
            Column("Importance", 0.13, apa.bounded),
            Column(_CI, 0.15, apa.interval),
            Column("Performance", 0.14, apa.NUMBER_1),
            Column(_CI, 0.16, partial(apa.free_interval, digits=1)),
        ],
        cells=[
            [
                label(row["construct"]),
                label(row["part"]),
                row["importance"],
                Interval(row["importance_lower"], row["importance_upper"]),
                row["performance"],
                Interval(row["performance_lower"], row["performance_upper"]),
            ]
            for row in study["importance"]["dimensions"]
        ],
        note="Importance: difference in loyalty's performance that the model predicts between customers "
        "whose dimension differs by one point, all else equal; an association, not an effect shown. "
        f"Performance: weighted mean on 0 to 100 {cited('ringle-2016')}.",
        look=Look.APA,
    )


def prediction(study: Section, number: int) -> Table:
    keys = ("q2", "rmse", "rmse_lm", "rmse_mean")
    return Table(
        number=number,
        title="Cross-Validated Prediction of Loyalty",
        columns=[
            Column("Item", 0.2),
            Column((*italic("Q"), "² predict"), 0.2, apa.bounded),
            Column("RMSE", 0.2, apa.number),
            Column("RMSE, linear model", 0.22, apa.number),
            Column("RMSE, mean", 0.18, apa.number),
        ],
        cells=[
            [row["item"], *(row[key] for key in keys)]
            for row in study["prediction"]
            if row["construct"] == LOYAL
        ],
        note=f"RMSE = root mean squared error of held-out answers {cited('shmueli-2019')}; lower is "
        "better. The linear model predicts each item from all items of journey quality.",
        look=Look.APA,
    )


def robustness(study: Section, number: int) -> Table:
    keys = ("to_mediator", "from_mediator", "direct", "indirect", "total")
    return Table(
        number=number,
        title="The Same Effects Estimated by Other Methods",
        columns=[
            Column("Method", 0.33),
            Column("SJQ → quality", 0.16, apa.bounded),
            Column("Quality → loyalty", 0.18, apa.bounded),
            Column("Direct", 0.11, apa.bounded),
            Column("Indirect", 0.11, apa.bounded),
            Column("Total", 0.11, apa.bounded),
        ],
        cells=[[row["method"], *(row[key] for key in keys)] for row in study["robustness"]],
        note=study["why_they_differ"],
        look=Look.APA,
    )


def published(study: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Published Results of the Original Study (a Different Population)",
        columns=[
            Column("Quantity", 0.6),
            Column("Here", 0.2, apa.bounded),
            Column("Published", 0.2, align="r"),
        ],
        cells=[
            [
                row["label"].replace("->", "→"),
                row["ours"],
                Quantity(row["published"], italic(apa.bounded(row["published"]))),
            ]
            for row in study["published"]
        ],
        note=f"{study['caution']} Published: {study['source']}.",
        look=Look.APA,
    )
