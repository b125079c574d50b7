"""The drawings of the service journey study, for page and paper alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from analysis.compare import holm, two_sided
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.charts import research_charts
from surveyapp.reports.charts.path_diagram import path_diagram
from surveyapp.reports.document import Chart
from surveyapp.reports.projects.measured_models import composite_diagram, label
from surveyapp.reports.studies.study_tables import LOYAL, QUALITY, SJQ
from surveyapp.results.figures import LEVEL

Section = Mapping[str, Any]
_MODELS = {"baseline": msg("Baseline model"), "full": msg("Full model")}


def formed(document: Section) -> dict[str, list[str]]:
    """The constructs that others compose, and those others."""
    sample = document["sample"]
    return {SJQ: list(sample["journey"]), QUALITY: list(sample["service"])}


_Z = 1.959964  # of a 95 % interval
_TEST = msg("Holm over all pairs, the error of a difference taken as the sum of both")
BESIDE_BENCHMARK = msg(
    "The benchmark report of the same journey may name another dimension: it compares mean scores of all"
    " answers of its period, one score as good as another, while this study weighs the answers of its"
    " respondents by the model and looks for what goes together with loyalty."
)


def first_order(document: Section) -> list[str]:
    sample = document["sample"]
    return [*sample["journey"], *sample["service"], LOYAL]


def model(document: Section, words: Words = ENGLISH) -> Chart:
    """The full model with its estimates."""
    study = document["study"]
    total, indirect = (study["mediation"][key] for key in ("total", "indirect"))
    # A model without a second way has no total of its own; the hypothesis has it.
    whole = total["estimate"] if total else study["hypotheses"][1]["estimate"]
    write = Apa(words)
    title = (
        words.say(
            "Total effect of journey quality on loyalty in the model: {total}, of which {indirect} by way"
            " of service quality",
            total=write.bounded(whole),
            indirect=write.bounded(indirect["estimate"]),
        )
        if indirect
        else words.say(
            "Total effect of journey quality on loyalty in the model: {total}",
            total=write.bounded(whole),
        )
    )
    return Chart(
        title,
        path_diagram(composite_diagram(study["full"], formed(document), words=words), words=words),
        words.say(
            "Full model, n = {n}. Thick arrows: standardised paths; thin arrows: weights of dimensions in"
            " the composites they form (hexagons). Dashed: the 95% interval includes zero. R²: explained"
            " share of the variance.",
            n=words.number(study["n"]),
        ),
    )


def baseline(document: Section, words: Words = ENGLISH) -> Chart:
    """The baseline model with its items."""
    study = document["study"]
    direct = study["baseline"]["r_squared"][LOYAL]["r_squared"]
    return Chart(
        words.say(
            "Journey quality alone accounts for {share} of the variance of loyalty",
            share=words.percent(100 * direct),
        ),
        path_diagram(
            composite_diagram(
                study["baseline"], {SJQ: formed(document)[SJQ]}, items=True, words=words
            ),
            words=words,
        ),
        words.say(
            "Baseline model, n = {n}: loadings of the items, weights of the dimensions, path.",
            n=words.number(study["n"]),
        ),
    )


def weights(document: Section, words: Words = ENGLISH) -> Chart:
    """What each dimension contributes to journey quality."""
    rows = document["study"]["weights"]
    full = [row for row in rows if row["model"] == "full"] or rows
    first = _above_all(full, "weight", "lower", "upper")
    return Chart(
        words.say(
            "{dimension} weighs most in journey quality", dimension=label(first["dimension"], words)
        )
        if first
        else words.say(
            "No dimension weighs significantly more in journey quality than every other"
        ),
        research_charts.intervals(
            [
                research_charts.Interval(
                    label(row["dimension"], words),
                    row["weight"],
                    row["lower"],
                    row["upper"],
                    words.say(_MODELS[row["model"]]),
                )
                for row in rows
            ],
            words=words,
        ),
        words.say(
            "Weights of the dimensions with 95% percentile bootstrap intervals. A dimension is said to"
            " weigh most if its weight in the full model differs significantly from every other ({test}).",
            test=words.say(_TEST),
        ),
    )


def importance(document: Section, words: Words = ENGLISH) -> Chart:
    """Where an improvement pays most."""
    rows = document["study"]["importance"]["dimensions"]
    marks = [
        research_charts.Mark(
            label(row["part"], words),
            row["construct"] if words.is_english else label(row["construct"], words),
            row["importance"],
            row["performance"],
            _ends(row, "importance"),
            _ends(row, "performance"),
        )
        for row in rows
    ]
    mean = sum(row["performance"] for row in rows) / len(rows)
    below = [row for row in rows if (_ends(row, "performance") or (mean, mean))[1] < mean]
    first = _above_all(below, "importance", "importance_lower", "importance_upper")
    return Chart(
        _start(first, bool(below), words),
        research_charts.importance_map(marks, target=words.inner(label(LOYAL, words)), words=words),
        words.say(
            "Discs: dimensions of journey quality; squares: of service quality; grey lines: 95% intervals;"
            " dashed lines: means of the dimensions shown. Lower right: important, but performing below"
            " average. A starting point is named only if its performance interval is below the mean and"
            " its importance differs significantly from that of every other there ({test}). {beside}",
            test=words.say(_TEST),
            beside=words.say(BESIDE_BENCHMARK),
        ),
    )


def _start(first: Section | None, some_below: bool, words: Words) -> str:
    if first:
        return words.say(
            "Start with {dimension}: of the dimensions that perform below average, it is the most"
            " important for loyalty",
            dimension=words.inner(label(first["part"], words)),
        )
    if some_below:
        return words.say(
            "No dimension that performs below average is significantly more important than every other"
        )
    return words.say("No dimension performs significantly below average")


def _above_all(rows: Sequence[Section], what: str, lower: str, upper: str) -> Section | None:
    """The row that is significantly above every other; None where there is none.

    Standard errors are had from the 95 % intervals. Estimates of one sample are correlated, in a way
    that is not stored: the error of a difference is at most the sum of both, which is taken.
    """
    if not rows or any(row[end] is None for row in rows for end in (lower, upper)):
        return None
    first = max(rows, key=lambda row: row[what])
    pairs = list(combinations(rows, 2))
    errors = [sum(row[upper] - row[lower] for row in pair) / (2 * _Z) for pair in pairs]
    found = [
        two_sided((a[what] - b[what]) / error) if error > 0 else float(a[what] == b[what])
        for (a, b), error in zip(pairs, errors, strict=True)
    ]
    corrected = zip(pairs, holm(found), strict=True)
    clear = all(p < LEVEL for pair, p in corrected if any(row is first for row in pair))
    return first if clear else None


def _ends(row: Section, what: str) -> tuple[float, float] | None:
    low, high = row[f"{what}_lower"], row[f"{what}_upper"]
    return None if low is None or high is None else (low, high)
