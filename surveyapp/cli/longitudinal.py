"""Measurement invariance over waves on a file: the same customers, asked again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from analysis.comparability import Verdict
from analysis.covariance.compare_models import METHODS
from analysis.covariance.data import numeric_rows
from analysis.covariance.measurement_invariance.attrition import Attrition, attrition
from analysis.covariance.measurement_invariance.longitudinal import Longitudinal
from analysis.covariance.measurement_invariance.longitudinal import (
    longitudinal as test_longitudinal,
)
from analysis.covariance.measurement_invariance.mixed_longitudinal import mixed_longitudinal
from analysis.covariance.measurement_invariance.ordinal_longitudinal import OrdinalLongitudinal
from analysis.covariance.measurement_invariance.wave_script import ordinal_wave_script, wave_script
from analysis.covariance.measurement_invariance.waves import Waves, from_columns, from_long
from analysis.covariance.text.syntax import parse
from analysis.losses import losses
from analysis.rules import RULES
from surveyapp.cli.ladders import ORDINAL, PLAIN, ROBUST, ladder, released, require_treatment
from surveyapp.cli.model_options import CLUSTER, FILE, JSON, MODEL, WEIGHTS
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.outputs import (
    Table,
    finish,
    interval,
    json_file,
    number,
    probability,
    sample,
    warnings,
)
from surveyapp.cli.plots import PLOT, interval_plot, svg_only
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.reports.charts.research_charts import Interval
from surveyapp.results.analyses.lonely_values import refuse_lonely
from surveyapp.results.analyses.losses import advice
from surveyapp.results.analyses.tables import AnswerFile, read_table
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option(
    "--person",
    default=None,
    help="Column that is the same for a customer's rows, where a row is one wave of one customer.",
)
@click.option("--wave", default=None, help="Column with the wave of each row; goes with --person.")
@click.option(
    "--waves",
    default="",
    help="The waves, first to last, separated by commas. Without --person they are what the columns"
    " end in: 'w1,w2' for x1_w1, x1_w2.",
)
@click.option(
    "--estimator",
    default="ML",
    show_default=True,
    help="ML, MLR or MLM; WLSMV for ordinal items, in steps of their own.",
)
@click.option(
    "--difference",
    type=click.Choice(METHODS),
    default=None,
    help="Difference test of MLR and MLM: 2001 (the default) or 2010, Satorra & Bentler; 2000, Satorra.",
)
@click.option(
    "--free",
    default="",
    help="Parameters that may differ between waves at every step, separated by commas, named as at"
    " one wave: 'x3~1,visual=~x2'; 'x3|' for the thresholds of an ordinal item.",
)
@click.option(
    "--ordered",
    default="",
    help="Of WLSMV: the ordinal items, separated by commas; the others are numbers [all items].",
)
@WEIGHTS
@CLUSTER
@PLOT
@JSON
@values_ok
@table_and_treatment(("listwise", "fiml", "pairwise"))
def longitudinal(
    file: Path,
    model: str,
    person: str | None,
    wave: str | None,
    waves: str,
    estimator: str,
    missing: str,
    difference: str | None,
    free: str,
    ordered: str,
    weights: str | None,
    cluster: str | None,
    plot_path: Path | None,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Test measurement invariance over waves of the same customers, and the change of their means.

    The model is that of one wave. Residuals of one item covary between waves. FILE has a row for each
    customer and wave (--person, --wave), or a row for each customer with columns such as x1_w1 and
    x1_w2 (--waves). With --estimator WLSMV the items are ordinal, or those that --ordered names.
    """
    svg_only(plot_path)
    chosen = estimator.upper()
    if difference and chosen not in ("MLR", "MLM"):
        raise Invalid(
            "--difference requires --estimator MLR or MLM; the difference test of ML is not scaled,"
            " and that of WLSMV is always Satorra's of 2000"
        )
    require_treatment(chosen, missing, ordered)
    text, named = model_text(model), listed(waves)
    drawn = [name for name in (weights, cluster) if name is not None]
    answers, found_waves = _waves(
        file, text, reading, (person, wave), named, drawn, values_ok=values_ok
    )
    found: Longitudinal | OrdinalLongitudinal
    rows: dict[str, Any] = {"file": file.name, "person": person, "wave": wave}
    if chosen == "WLSMV":
        ordinal: dict[str, Any] = {
            "ordered": listed(ordered) or found_waves.items,
            "free": listed(free),
            "missing": missing,
            "sampling_weights": weights,
            "cluster": cluster,
        }
        found = mixed_longitudinal(found_waves, text, **ordinal)
        shown = ORDINAL
        script = ordinal_wave_script(found, found_waves, text, **ordinal, **rows)
    else:
        found = test_longitudinal(
            found_waves,
            text,
            estimator=chosen,
            missing=missing,
            method=difference or METHODS[0],
            free=listed(free),
            sampling_weights=weights,
            cluster=cluster,
        )
        shown = PLAIN if chosen == "ML" else ROBUST
        script = wave_script(found, found_waves.items, **rows)
    left = attrition(found_waves, text)
    lost = losses(numeric_rows(found_waves.frame, found_waves.columns), found.n)
    document = {
        "rules_version": RULES,
        "sample": sample(lost),
        **found.to_json(),
        "attrition": left,
        "r_script": script,
    }
    said = [
        *warnings(document, answers.notes, advice(lost, chosen, missing)),
        f"\nRule: {found.rules.told(ordinal=chosen == 'WLSMV')}",
        f"Reached: {found.reached or 'no step'}",
        _verdict(found),
    ]
    files = [*json_file(json_path, document), *interval_plot(plot_path, _plotted(found))]
    finish([*_tables(found, shown), *_attrition(left)], said, files)


def _plotted(found: Longitudinal | OrdinalLongitudinal) -> list[Interval]:
    """Every latent change in SDs of the first wave; the factor above where there are several."""
    several = found.changes["factor"].nunique() > 1
    return [
        Interval(
            f"{row['wave']} against {row['against']}",
            row["est"],
            row["ci_lower"],
            row["ci_upper"],
            row["factor"] if several else "",
        )
        for row in found.changes.to_dict("records")
    ]


def _waves(
    file: Path,
    text: str,
    reading: ReadOptions,
    who: tuple[str | None, str | None],
    named: Sequence[str],
    drawn: Sequence[str],
    *,
    values_ok: bool,
) -> tuple[AnswerFile, Waves]:
    """The file's answers by wave, none of whose items holds a missing code.

    ``who``: the columns of person and wave; ``drawn``: those of weight and cluster.
    """
    person, wave = who
    if (person is None) != (wave is None):
        raise Invalid("--person and --wave go together: who answered, and at which wave")
    if person is None and not named:
        raise Invalid(
            "say who answered at which wave: --person COLUMN --wave COLUMN for a row a customer and"
            " wave, or --waves w1,w2 for columns that end in the wave. Without either, nothing tells"
            " which answers belong to one customer; compare waves of different people with"
            " `surveyapp invariance --group COLUMN`"
        )
    items = list(parse(text).observed)
    if person is None or wave is None:
        columns = [f"{item}_{each}" for each in named for item in items]
        answers = read_table(file, reading).named([*columns, *drawn])
    else:
        columns = items
        answers = read_table(file, reading).named([*items, person, wave, *drawn])
    if not values_ok:
        refuse_lonely(answers, [name for name in columns if name in answers.frame.columns])
    if person is None or wave is None:
        return answers, from_columns(answers.frame, items, named, keep=drawn)
    return answers, from_long(
        answers.frame, items, person=person, wave=wave, waves=named, keep=drawn
    )


def _tables(found: Longitudinal | OrdinalLongitudinal, shown: Sequence[str]) -> list[Table]:
    people = ", ".join(f"{label} ({count:,})" for label, count in found.people.items())
    title = (
        f"Waves: {people}; {found.in_all:,} of {found.persons:,} customers answered at every wave,"
        f" {found.n:,} analysed"
    )
    tables = [ladder(title, found.table, found.rules, shown)]
    if found.releases:
        tables.append(
            released(
                "Parameters proposed to be freed over waves (partial invariance)", found.releases
            )
        )
    tables.append(_changes(found))
    stable = [
        [
            f"{row['factor']}, {row['wave']} with {row['against']}",
            number(row["r"]),
            interval(row["ci_lower"], row["ci_upper"]),
        ]
        for row in found.stability.to_dict("records")
    ]
    tables.append(("Correlation of each factor with itself", ("factor", "r", "95% CI"), stable))
    return tables


def _changes(found: Longitudinal | OrdinalLongitudinal) -> Table:
    """The latent changes; those of numbers in points too."""
    in_points = isinstance(found, Longitudinal)
    rows = [
        [
            f"{row['factor']}, {row['wave']} against {row['against']}",
            number(row["est"]),
            interval(row["ci_lower"], row["ci_upper"]),
            probability(row["pvalue"]),
            probability(row["p_holm"]),
            number(row["d"]),
            *(
                (
                    number(row["points"]),
                    interval(row["points_ci_lower"], row["points_ci_upper"]),
                )
                if in_points
                else ()
            ),
        ]
        for row in found.changes.to_dict("records")
    ]
    head = ("factor", "change", "95% CI", "p", "p (Holm)", "d")
    units = "Change of the latent means, in SDs of the first wave; d in those of both waves"
    if not in_points:
        return (units, head, rows)
    return (f"{units}; in points of the answers", (*head, "points", "95% CI"), rows)


def _attrition(left: Sequence[Attrition]) -> list[Table]:
    """How those who missed a wave began, if there are any."""
    rows = [
        [
            each.factor,
            f"{number(each.stayed_mean)} ({each.stayed:,})",
            f"{number(each.missed_mean)} ({each.missed:,})",
            number(each.difference),
            interval(each.ci_lower, each.ci_upper),
            probability(each.p_holm),
            number(each.d),
        ]
        for each in left
    ]
    head = ("factor", "stayed", "missed a wave", "difference", "95% CI", "p (Holm)", "d")
    return [("Scores at the first wave by who came back (n)", head, rows)] if rows else []


def _verdict(found: Longitudinal | OrdinalLongitudinal) -> str:
    """What may be compared between the waves."""
    if found.verdict is Verdict.SCALAR:
        return "Means may be compared between the waves."
    if found.verdict is Verdict.PARTIAL_SCALAR:
        freed = ", ".join(one.parameter for one in found.releases)
        return (
            f"Means may be compared between the waves by the items held equal, without {freed}: a"
            " proposal, to be justified by content."
        )
    return (
        "Means may not be compared between the waves: the changes above may be those of the items, not"
        " of the customers."
    )
