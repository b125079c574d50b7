"""The tables of the service journey study, in APA style, from its stored document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Look, Styled, Table, Text, italic
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
        head=["", "Hypothesis", "Effect", _CI, apa.P, "Verdict"],
        rows=[
            [
                (Styled(row["code"]),),
                row["claim"],
                apa.bounded(row["estimate"]),
                apa.between(row["lower"], row["upper"]),
                apa.pvalue(row["p"]),
                row["verdict"],
            ]
            for row in study["hypotheses"]
        ],
        align="llrrrl",
        widths=[0.05, 0.27, 0.07, 0.13, 0.08, 0.40],
        note="Standardised total effects (H1, H2) and total indirect effect (H3). CI = percentile "
        "bootstrap confidence interval; a hypothesis is supported when it lies above zero.",
        look=Look.APA,
    )


def reliability(study: Section, first_order: Sequence[str], number: int) -> Table:
    rows: list[list[Text]] = []
    for name in first_order:
        row = study["full"]["reliability"][name]
        loads = [x["estimate"] for x in study["full"]["loadings"] if x["construct"] == name]
        rows.append(
            [
                label(name),
                str(len(loads)),
                f"{apa.bounded(min(loads))} to {apa.bounded(max(loads))}",
                *(apa.bounded(row[key]) for key in ("alpha", "rho_a", "cr", "ave")),
            ]
        )
    return Table(
        number=number,
        title="Reliability and Convergent Validity",
        head=["Construct", "Items", "Loadings", apa.ALPHA, _RHO, "CR", "AVE"],
        rows=rows,
        align="lrrrrrr",
        widths=[0.28, 0.09, 0.19, 0.11, 0.11, 0.11, 0.11],
        note="Full model. CR = composite reliability; AVE = average variance extracted. Usual "
        "cut-offs: loadings .70, reliability .70, AVE .50 (Hair et al., 2019).",
        look=Look.APA,
    )  # fmt: skip


def discriminant(study: Section, first_order: Sequence[str], number: int) -> Table:
    """HTMT below the diagonal, the root of AVE on it, correlations above."""
    full = study["full"]
    rows: list[list[Text]] = []
    for i, name in enumerate(first_order):
        cells: list[Text] = []
        for j, other in enumerate(first_order):
            if i == j:
                cells.append((Styled(apa.bounded(full["fornell_larcker"][name][name])),))
            elif i > j:
                cells.append(apa.bounded(full["htmt"][name][other]))
            else:
                cells.append(italic(apa.bounded(full["correlations"][name][other])))
        rows.append([f"{i + 1}. {label(name)}", *cells])
    n = len(first_order)
    return Table(
        number=number,
        title="Discriminant Validity",
        head=["Construct", *(str(i + 1) for i in range(n))],
        rows=rows,
        align="l" + "r" * n,
        widths=[0.26, *[0.74 / n] * n],
        note="Below the diagonal: HTMT (Henseler et al., 2015), usual cut-off .85. Diagonal, "
        "semibold: root of AVE. Above, italics: correlations of the constructs.",
        look=Look.APA,
    )


def paths(study: Section, number: int) -> Table:
    rows: list[list[Text]] = []
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
                    apa.bounded(path["estimate"]),
                    apa.between(row["lower"], row["upper"]),
                    apa.pvalue(row["p_percentile"]),
                    _size(path["f_squared"]),
                    _size(path["vif"]),
                ]
            )
    return Table(
        number=number,
        title="Paths",
        head=["Path", "Estimate", _CI, apa.P, _F2, "VIF"],
        rows=rows,
        align="lrrrrr",
        widths=[0.42, 0.11, 0.17, 0.1, 0.1, 0.1],
        groups=frozenset(groups),
        note=f"Percentile intervals of {study['full']['bootstrap']['resamples']:,} resamples. Paths "
        "from dimensions are their weights in the construct that they compose; as such a construct "
        "is computed from its dimensions, their effect size is not a number.",
        look=Look.APA,
    )


def _size(value: float | None) -> str:
    """Effect sizes and VIF; a construct that its parts explain wholly has no effect size."""
    return apa.DASH if value is None or value > 1000 else apa.number(value)


def explained(study: Section, number: int) -> Table:
    rows: list[list[Text]] = []
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
                    apa.bounded(row["r_squared"]),
                    apa.between(spread["lower"], spread["upper"]),
                    apa.bounded(row["adjusted"]),
                ]
            )
    return Table(
        number=number,
        title="Explained Variance",
        head=["Model", "Construct", _R2, _CI, ("Adjusted ", *_R2)],
        rows=rows,
        align="llrrr",
        widths=[0.2, 0.32, 0.12, 0.2, 0.16],
        look=Look.APA,
    )


def mediation(study: Section, number: int) -> Table:
    found = study["mediation"]
    rows: list[list[Text]] = []
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
        head=["Effect", "Estimate", _CI, apa.P],
        rows=rows,
        align="lrrr",
        widths=[0.57, 0.12, 0.19, 0.12],
        strong=frozenset({len(rows) - 1}),
        note=f"Share of the total effect that runs through service quality: {share}. Kind of "
        f"mediation after Zhao et al. (2010): {found['kind']}.",
        look=Look.APA,
    )


def _effect(effect: Section) -> list[Text]:
    ends = apa.between(effect["lower"], effect["upper"])
    return [apa.bounded(effect["estimate"]), ends, apa.pvalue(effect["p"])]


def importance(study: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Importance for Loyalty and Performance of Each Dimension",
        head=["Construct", "Dimension", "Importance", _CI, "Performance", _CI],
        rows=[
            [
                label(row["construct"]),
                label(row["part"]),
                apa.bounded(row["importance"]),
                apa.between(row["importance_lower"], row["importance_upper"]),
                apa.number(row["performance"], 1),
                f"[{apa.number(row['performance_lower'], 1)}, "
                f"{apa.number(row['performance_upper'], 1)}]",
            ]
            for row in study["importance"]["dimensions"]
        ],
        align="llrrrr",
        widths=[0.2, 0.22, 0.13, 0.15, 0.14, 0.16],
        note="Importance: points by which loyalty's performance rises when the dimension's rises by "
        "one point, all else equal. Performance: weighted mean on 0 to 100 (Ringle & Sarstedt, 2016).",
        look=Look.APA,
    )


def prediction(study: Section, number: int) -> Table:
    rows: list[list[Text]] = []
    for row in study["prediction"]:
        if row["construct"] == LOYAL:
            cells = (row[key] for key in ("q2", "rmse", "rmse_lm", "rmse_mean"))
            q2, *errors = cells
            rows.append([row["item"], apa.bounded(q2), *(apa.number(e) for e in errors)])
    return Table(
        number=number,
        title="Cross-Validated Prediction of Loyalty",
        head=["Item", (*italic("Q"), "² predict"), "RMSE", "RMSE, linear model", "RMSE, mean"],
        rows=rows,
        align="lrrrr",
        widths=[0.2, 0.2, 0.2, 0.22, 0.18],
        note="RMSE = root mean squared error of held-out answers (Shmueli et al., 2019); lower is "
        "better. The linear model predicts each item from all items of journey quality.",
        look=Look.APA,
    )


def robustness(study: Section, number: int) -> Table:
    keys = ("to_mediator", "from_mediator", "direct", "indirect", "total")
    return Table(
        number=number,
        title="The Same Effects Estimated by Other Methods",
        head=["Method", "SJQ → quality", "Quality → loyalty", "Direct", "Indirect", "Total"],
        rows=[
            [row["method"], *(apa.bounded(row[key]) for key in keys)]
            for row in study["robustness"]
        ],
        align="lrrrrr",
        widths=[0.33, 0.16, 0.18, 0.11, 0.11, 0.11],
        note=study["why_they_differ"],
        look=Look.APA,
    )  # fmt: skip


def published(study: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Published Results of the Original Study (a Different Population)",
        head=["Quantity", "Here", "Published"],
        rows=[
            [
                row["label"].replace("->", "→"),
                apa.bounded(row["ours"]),
                italic(apa.bounded(row["published"])),
            ]
            for row in study["published"]
        ],
        align="lrr",
        widths=[0.6, 0.2, 0.2],
        note=f"{study['caution']} Published: {study['source']}.",
        look=Look.APA,
    )
