"""The tables of the service journey study, in APA style, from its stored document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from analysis.composite.sjq_discriminant import CUT
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
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
from surveyapp.reports.projects.measured_models import label
from surveyapp.results.analyses import study_phrases

Section = Mapping[str, Any]
_R2: Text = (*italic("R"), "²")
_F2: Text = (*italic("f"), "²")
_RHO: Text = (*italic("ρ"), "A")
SJQ, QUALITY, LOYAL = "sjq", "service_quality", "loyalty"


def hypotheses(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    return Table(
        number=number,
        title=words.say("Hypotheses and Results"),
        columns=[
            Column("", 0.05, name=words.say("Code")),
            Column(words.say("Hypothesis"), 0.27),
            Column(words.say("Effect"), 0.07, write.bounded),
            Column(words.say("95% CI"), 0.13, write.interval),
            Column(apa.P, 0.08, write.pvalue),
            Column(words.say("Verdict"), 0.40),
        ],
        cells=[
            [
                (Styled(row["code"]),),
                study_phrases.claim(row, words),
                row["estimate"],
                Interval(row["lower"], row["upper"]),
                row["p"],
                study_phrases.verdict(study, row, words),
            ]
            for row in study["hypotheses"]
        ],
        note=words.say(
            "Standardised total effects (H1, H2) and total indirect effect (H3). CI = percentile bootstrap"
            " confidence interval; a hypothesis is supported when it lies above zero."
        ),
        look=Look.APA,
    )


def reliability(
    study: Section, first_order: Sequence[str], number: int, words: Words = ENGLISH
) -> Table:
    write = Apa(words)
    rows: list[list[Cell]] = []
    for name in first_order:
        row = study["full"]["reliability"][name]
        loads = [x["estimate"] for x in study["full"]["loadings"] if x["construct"] == name]
        rows.append(
            [
                label(name, words),
                len(loads),
                Interval(min(loads), max(loads)),
                *(row[key] for key in ("alpha", "rho_a", "cr", "ave")),
            ]
        )
    return Table(
        number=number,
        title=words.say("Reliability and Convergent Validity"),
        columns=[
            Column(words.say("Construct"), 0.28),
            Column(words.say("Items"), 0.09, write.count),
            Column(words.say("Loadings"), 0.19, write.ends),
            Column(apa.ALPHA, 0.11, write.bounded),
            Column(_RHO, 0.11, write.bounded),
            Column("CR", 0.11, write.bounded),
            Column("AVE", 0.11, write.bounded),
        ],
        cells=rows,
        note=words.say(
            "Full model. CR = composite reliability; AVE = average variance extracted. Usual cut-offs:"
            " loadings .70, reliability .70, AVE .50 {citation}.",
            citation=cited("hair-risher-2019"),
        ),
        look=Look.APA,
    )


def discriminant(
    study: Section, first_order: Sequence[str], number: int, words: Words = ENGLISH
) -> Table:
    """HTMT below the diagonal, the root of AVE on it, correlations above."""
    write = Apa(words)
    full = study["full"]
    rows: list[list[Cell]] = []
    for i, name in enumerate(first_order):
        cells: list[Cell] = []
        for j, other in enumerate(first_order):
            if i == j:
                root = full["fornell_larcker"][name][name]
                cells.append(Quantity(root, (Styled(write.bounded(root)),)))
            elif i > j:
                cells.append(_flagged(full["htmt"][name][other], words))
            else:
                r = full["correlations"][name][other]
                cells.append(Quantity(r, italic(write.bounded(r))))
        named = label(name, words)
        said = words.say("{n}. {name}", n=str(i + 1), name=named)
        rows.append([Quantity(named, said), *cells])
    share = 0.74 / len(first_order)
    return Table(
        number=number,
        title=words.say("Discriminant Validity"),
        columns=[
            Column(words.say("Construct"), 0.26),
            *(
                Column(str(i), share, write.bounded, name=label(name, words))
                for i, name in enumerate(first_order, start=1)
            ),
        ],
        cells=rows,
        note=words.say(
            "Below the diagonal: HTMT {citation}, * = at or above the cut-off of .85. Diagonal, semibold:"
            " root of AVE. Above, italics: correlations of the constructs.",
            citation=cited("henseler-2015"),
        ),
        look=Look.APA,
    )


def _flagged(htmt: float | None, words: Words = ENGLISH) -> Cell:
    """HTMT; one that reaches the cut-off with a star."""
    if htmt is None:
        return htmt
    return Quantity(htmt, f"{Apa(words).beside(htmt, CUT)}{'*' if htmt >= CUT else ''}")


def paths(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    rows: list[list[Cell]] = []
    groups = []
    for name, title in (
        ("baseline", words.say("Baseline model")),
        ("full", words.say("Full model")),
    ):
        fit = study[name]
        found = {tuple(row["label"]): row for row in fit["bootstrap"]["tables"]["paths"]}
        groups.append(len(rows))
        rows.append([title, "", "", "", "", ""])
        for path in fit["paths"]:
            row = found[path["source"], path["target"]]
            rows.append(
                [
                    arrow([path["source"], path["target"]], words),
                    path["estimate"],
                    Interval(row["lower"], row["upper"]),
                    row["p_percentile"],
                    _size(path["f_squared"]),
                    _size(path["vif"]),
                ]
            )
    return Table(
        number=number,
        title=words.say("Paths"),
        columns=[
            Column(words.say("Path"), 0.42),
            Column(words.say("Estimate"), 0.11, write.bounded),
            Column(words.say("95% CI"), 0.17, write.interval),
            Column(apa.P, 0.1, write.pvalue),
            Column(_F2, 0.1, write.number),
            Column("VIF", 0.1, write.number),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=words.say(
            "Percentile intervals of {n} resamples. Paths from dimensions are their weights in the"
            " construct that they compose; as such a construct is computed from its dimensions, their"
            " effect size is not a number.",
            n=words.number(study["full"]["bootstrap"]["resamples"]),
        ),
        look=Look.APA,
    )


def arrow(names: Sequence[str], words: Words = ENGLISH) -> str:
    """Constructs one after another, as effects run: "SJQ → Loyalty"."""
    first, *others = (label(name, words) for name in names)
    for each in others:
        first = words.say("{source} → {target}", source=first, target=each)
    return first


def _size(value: float | None) -> float | None:
    """Effect sizes and VIF; a construct that its parts explain wholly has no effect size."""
    return None if value is None or value > 1000 else value


def explained(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    rows: list[list[Cell]] = []
    for name, title in (
        ("baseline", words.say("Baseline")),
        ("full", words.say("Full")),
    ):
        fit = study[name]
        found = {row["label"][0]: row for row in fit["bootstrap"]["tables"]["r_squared"]}
        for construct, row in fit["r_squared"].items():
            spread = found.get(construct)
            if spread is None or row["r_squared"] > 0.9999:
                continue  # composed by its parts without remainder
            rows.append(
                [
                    title,
                    label(construct, words),
                    row["r_squared"],
                    Interval(spread["lower"], spread["upper"]),
                    row["adjusted"],
                ]
            )
    return Table(
        number=number,
        title=words.say("Explained Variance"),
        columns=[
            Column(words.say("Model"), 0.2),
            Column(words.say("Construct"), 0.32),
            Column(_R2, 0.12, write.bounded),
            Column(words.say("95% CI"), 0.2, write.interval),
            Column(_adjusted(words), 0.16, write.bounded),
        ],
        cells=rows,
        look=Look.APA,
    )


def _adjusted(words: Words) -> Text:
    return ("Adjusted ", *_R2) if words.is_english else words.say("Adjusted R²")


def mediation(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    found = study["mediation"]
    rows: list[list[Cell]] = []
    for effect in found["specific"]:
        rows.append([arrow(effect["way"], words), *_effect(effect)])
    for name, title in (
        ("indirect", words.say("Total indirect effect")),
        ("direct", words.say("Direct effect")),
        ("total", words.say("Total effect")),
    ):
        if found[name] is not None:
            rows.append([title, *_effect(found[name])])
    share = words.say("not defined") if found["vaf"] is None else write.percent(found["vaf"])
    return Table(
        number=number,
        title=words.say("Effects of Service Journey Quality on Loyalty"),
        columns=[
            Column(words.say("Effect"), 0.57),
            Column(words.say("Estimate"), 0.12, write.bounded),
            Column(words.say("95% CI"), 0.19, write.interval),
            Column(apa.P, 0.12, write.pvalue),
        ],
        cells=rows,
        strong=frozenset({len(rows) - 1}),
        note=words.say(
            "Share of the total effect that runs through service quality: {share}. Kind of mediation"
            " after {work}: {kind}.",
            share=share,
            work=told("zhao-2010", words),
            kind=study_phrases.mediation_kind(found["kind"], words),
        ),
        look=Look.APA,
    )


def _effect(effect: Section) -> list[Cell]:
    return [effect["estimate"], Interval(effect["lower"], effect["upper"]), effect["p"]]


def importance(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    return Table(
        number=number,
        title=words.say("Importance for Loyalty and Performance of Each Dimension"),
        columns=[
            Column(words.say("Construct"), 0.2),
            Column(words.say("Dimension"), 0.22),
            Column(words.say("Importance"), 0.13, write.bounded),
            Column(words.say("95% CI"), 0.15, write.interval),
            Column(words.say("Performance"), 0.14, partial(write.number, digits=1)),
            Column(words.say("95% CI"), 0.16, partial(write.free_interval, digits=1)),
        ],
        cells=[
            [
                label(row["construct"], words),
                label(row["part"], words),
                row["importance"],
                Interval(row["importance_lower"], row["importance_upper"]),
                row["performance"],
                Interval(row["performance_lower"], row["performance_upper"]),
            ]
            for row in study["importance"]["dimensions"]
        ],
        note=words.say(
            "Importance: difference in loyalty's performance that the model predicts between customers"
            " whose dimension differs by one point, all else equal; an association, not an effect shown."
            " Performance: weighted mean on 0 to 100 {citation}.",
            citation=cited("ringle-2016"),
        ),
        look=Look.APA,
    )


def prediction(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    keys = ("q2", "rmse", "rmse_lm", "rmse_mean")
    return Table(
        number=number,
        title=words.say("Cross-Validated Prediction of Loyalty"),
        columns=[
            Column(words.say("Item"), 0.2),
            Column(_predicted(words), 0.2, write.bounded),
            Column("RMSE", 0.2, write.number),
            Column(words.say("RMSE, linear model"), 0.22, write.number),
            Column(words.say("RMSE, mean"), 0.18, write.number),
        ],
        cells=[
            [row["item"], *(row[key] for key in keys)]
            for row in study["prediction"]
            if row["construct"] == LOYAL
        ],
        note=words.say(
            "RMSE = root mean squared error of held-out answers {citation}; lower is better. The linear"
            " model predicts each item from all items of journey quality.",
            citation=cited("shmueli-2019"),
        ),
        look=Look.APA,
    )


def _predicted(words: Words) -> Text:
    return (*italic("Q"), "² predict") if words.is_english else words.say("Q² of prediction")


def robustness(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    keys = ("to_mediator", "from_mediator", "direct", "indirect", "total")
    return Table(
        number=number,
        title=words.say("The Same Effects Estimated by Other Methods"),
        columns=[
            Column(words.say("Method"), 0.33),
            Column(words.say("SJQ → quality"), 0.16, write.bounded),
            Column(words.say("Quality → loyalty"), 0.18, write.bounded),
            Column(words.say("Direct"), 0.11, write.bounded),
            Column(words.say("Indirect"), 0.11, write.bounded),
            Column(words.say("Total"), 0.11, write.bounded),
        ],
        cells=[
            [study_phrases.method_named(row["method"], words), *(row[key] for key in keys)]
            for row in study["robustness"]
        ],
        note=study_phrases.why_they_differ(study, words),
        look=Look.APA,
    )


def published(study: Section, number: int, words: Words = ENGLISH) -> Table:
    write = Apa(words)
    return Table(
        number=number,
        title=words.say("Published Results of the Original Study (a Different Population)"),
        columns=[
            Column(words.say("Quantity"), 0.6),
            Column(words.say("Here"), 0.2, write.bounded),
            Column(words.say("Published"), 0.2, align="r"),
        ],
        cells=[
            [
                study_phrases.quantity(row, label, words),
                row["ours"],
                Quantity(row["published"], italic(write.bounded(row["published"]))),
            ]
            for row in study["published"]
        ],
        note=words.say(
            "{caution} Published: {source}.",
            caution=study_phrases.caution(study, words),
            source=words.name(study["source"]),
        ),
        look=Look.APA,
    )
