"""Outcomes of customers: brought in from a file, and analysed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from surveyapp.cli.data import tell
from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.table_options import dated_table_options
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.queries import journey_by_code
from surveyapp.results import phrases
from surveyapp.results.outcomes import customer_values
from surveyapp.results.outcomes import phrases as outcome_phrases
from surveyapp.results.outcomes.actions import (
    FoundOutcomes,
    ask_outcome_analysis,
    found_outcomes,
)
from surveyapp.results.outcomes.customer_values import BandValue, StatedMoney
from surveyapp.results.outcomes.phrases import outcomes_to_json
from surveyapp.sampling.outcome_sheets import receive_outcome_file
from surveyapp.store.models import Journey
from surveyapp.tables.options import ReadOptions
from surveyapp.worker import run_now


@click.group()
def outcomes() -> None:
    """What became of customers: import it, and set it beside their answers."""


@outcomes.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--journey", default=None, help="The journey's code, if the file has no such column.")
@dated_table_options
def import_(file: Path, journey: str | None, reading: ReadOptions) -> None:
    """Import the outcomes in FILE; every rejected row is listed with its reason.

    Columns: journey, customer_ref, kind (churn, repeat_purchase, complaint, revenue, resolution_time or
    waiting_time), value, at and, if known, external_id.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    with opened() as installation, progress_bar("Reading") as progress, file.open("rb") as source:
        if journey is not None:
            with installation.store.reading() as session:
                journey_by_code(session, journey)
        report = receive_outcome_file(
            installation,
            source,
            name=file.name,
            options=reading,
            journey=journey,
            progress=progress,
            now=installation.now(),
        )
    tell(report)


@outcomes.command("analyse")
@click.argument("journey")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def analyse(journey: str, as_json: bool) -> None:
    """Analyse the outcomes of JOURNEY (its code), store the result, and print it as its page shows it."""
    with opened() as installation, progress_bar("Analysing") as progress:
        with installation.store.writing() as session:
            known = session.get_one(Journey, journey_by_code(session, journey).id)
            number = known.id
            job = ask_outcome_analysis(session, known, user_id=None).id
        run_now(installation, job, worker="command", shown=progress)
        with installation.store.reading() as session:
            found = found_outcomes(session, number)
    if as_json:
        document = {"journey": journey, **outcomes_to_json(found)}
        click.echo(json.dumps(document, default=datetime.isoformat, ensure_ascii=False))
        return
    for outcome in found.result["outcomes"] if found.result else ():
        _tell_outcome(outcome)
    click.echo(outcome_phrases.LIMITS)


@outcomes.command("groups")
@click.argument("journey")
@click.option("--json", "as_json", is_flag=True, help="Print the groups as JSON.")
def groups(journey: str, as_json: bool) -> None:
    """Print the segments that the newest analysis of JOURNEY (its code) proposes."""
    proposed = (_stored(journey).result or {}).get("segments")
    if as_json:
        document = {"journey": journey, "segments": proposed}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    if proposed is None:
        raise Invalid(
            f"No groups of {journey} are computed; run: surveyapp outcomes analyse {journey}"
        )
    if "reason" in proposed:
        click.echo(f"No groups are shown: {proposed['reason']}.")
        return
    for at, each in enumerate(proposed["clusters"], 1):
        stability = outcome_phrases.STABILITY[each["stability"]]
        click.echo(f"Group {at} (n = {each['n']}): {stability}, likeness {each['jaccard']:.2f}")
        for score in each["scores"]:
            click.echo(f"  {score['label']}: {_limits(score['mean'], score['low'], score['high'])}")
        rule = each["rule"]
        if "reason" in rule:
            click.echo(f"  No rule can be stated: {rule['reason']}.")
        else:
            click.echo(f"  {rule['text']}")
            click.echo(f"  {outcome_phrases.rule_of_group(rule)}")
    click.echo(f"{proposed['n']} customers, {proposed['method']}, seed {proposed['seed']}.")


@outcomes.command("value")
@click.argument("journey")
@click.option("--margin", type=float, required=True, help="Margin of a customer in a year.")
@click.option("--discount", type=float, default=10.0, show_default=True, help="Per cent a year.")
@click.option("--cost", type=float, default=0.0, show_default=True, help="Of winning a customer.")
@click.option("--retention", type=float, help="A stated one, in per cent a year.")
@click.option("--json", "as_json", is_flag=True, help="Print the values as JSON.")
def value(
    journey: str,
    margin: float,
    discount: float,
    cost: float,
    retention: float | None,
    as_json: bool,
) -> None:
    """Print the lifetime value of JOURNEY's customers by what they answered, from stated money."""
    kept = None if retention is None else retention / 100
    money = StatedMoney(margin, discount / 100, cost)
    found = customer_values.customer_values(_stored(journey).result, money, kept)
    if as_json:
        document = {"journey": journey, **customer_values.values_to_json(found)}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    if found.stated:
        click.echo(f"At the stated retention: {phrases.number(found.stated.value)}")
    if found.reason:
        click.echo(found.reason)
    for each in found.bands:
        click.echo(f"{found.label}, {each.band}: {_value(each)} (n = {each.n})")
    click.echo(customer_values.NOTE)


def _stored(journey: str) -> FoundOutcomes:
    with opened() as installation, installation.store.reading() as session:
        return found_outcomes(session, journey_by_code(session, journey).id)


def _value(found: BandValue) -> str:
    return _limits(*found.value, decimals=0) if found.value else found.reason


def _limits(
    estimate: float | None, low: float | None, high: float | None, decimals: int = 1
) -> str:
    if estimate is None:
        return "-"
    said = phrases.number(estimate, decimals)
    if low is None or high is None:
        return said
    return f"{said}, 95% CI {phrases.number(low, decimals)} to {phrases.number(high, decimals)}"


def _tell_outcome(outcome: Mapping[str, Any]) -> None:
    if outcome["n"] is None:
        click.echo(f"{outcome['label']}: too few customers.")
        return
    for part in outcome["scales"]:
        click.echo(f"{outcome['label']} by {part['label']}")
        if part["hidden"]:
            click.echo(f"  Hidden: {part['hidden']}.")
            continue
        for band in part["bands"]:
            value, low, high = (
                outcome_phrases.number(band[name], outcome["is_event"])
                for name in ("estimate", "low", "high")
            )
            click.echo(f"  {band['band']}: {value}, 95% CI {low} to {high} (n = {band['n']})")
        click.echo(f"  {outcome_phrases.trend(part)}")
    survival = outcome["survival"]
    if survival:
        click.echo(f"  {outcome_phrases.log_rank(survival['log_rank'])}")
        for term in survival["cox"].get("terms", ()):
            click.echo(
                f"  Hazard ratio, {term['name']}: {term['ratio']:.2f},"
                f" 95% CI {term['low']:.2f} to {term['high']:.2f}"
            )
