"""A registered plan as a document: what it says, what was known of the answers, and its hash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import count
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import (
    Block,
    Callout,
    Column,
    Cover,
    Document,
    Heading,
    Look,
    Paragraph,
    Table,
    Tone,
)
from surveyapp.results.preregistrations.preregistration_document import (
    CORRECTIONS,
    FAMILIES,
    SIGNS,
    TEXTS,
)
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.analysis_options import in_words
from surveyapp.results.projects.options import options_in_words

KIND = "Preregistration"
_AFTER = ("exclusions", "stopping", "outcome", "analyses")


def content(text: str, sha256: str, *, author: str, made: date) -> Document:
    """The document of a frozen plan, whose canonical JSON is ``text``. English alone."""
    found = json.loads(text)
    registered = datetime.fromisoformat(found["registered_at"])
    title = f"{found['project']}, version {found['version']}"
    return Document(
        cover=Cover(
            KIND,
            found["project"],
            found["journey"],
            [
                ("Version", str(found["version"])),
                ("Registered on", f"{registered:%-d %B %Y, %H:%M} UTC"),
                ("Answers", found["answers"]),
                ("SHA-256", sha256),
            ],
        ),
        blocks=list(_blocks(found, sha256)),
        subject=f"{KIND}: {title}",
        author=author,
        running=f"{KIND}  ·  {title}",
        made=made,
        keywords=("preregistration",),
    )


def _blocks(found: Mapping[str, Any], sha256: str) -> Iterator[Block]:
    plan, number = found["plan"], count(1)
    yield Heading("Registration")
    yield Callout("State of the answers", found["answers_known"]["said"])
    if found["changes"]:
        yield Paragraph(f"What changed since version {found['version'] - 1}:")
        for change in found["changes"]:
            yield Paragraph(change, Tone.BULLET)
    elif found["replaces"]:
        yield Paragraph(f"Nothing changed since version {found['version'] - 1}.")
    yield Heading("Hypotheses")
    if plan["hypotheses"]:
        yield Table(
            number=next(number),
            title="Hypotheses and the Signs That They Expect",
            columns=[
                Column("", 0.06),
                Column("Hypothesis", 0.54),
                Column("Parameter", 0.24),
                Column("Sign", 0.16),
            ],
            cells=[
                (f"H{at}", each["text"], each["parameter"] or "–", SIGNS[each["sign"]])
                for at, each in enumerate(plan["hypotheses"], start=1)
            ],
            look=Look.APA,
        )
        if any(each["parameter"] for each in plan["hypotheses"]):
            adjusted = CORRECTIONS[plan.get("correction", "")]
            family = FAMILIES[plan.get("family", "")]
            together = f" Tests adjusted together: {family}." if plan.get("correction") else ""
            yield Paragraph(f"Adjustment of p values: {adjusted}.{together}")
    else:
        yield Paragraph("No hypothesis is stated: the study is exploratory.")
    yield Heading("Design")
    yield Paragraph(plan["design"] or "Nothing is stated.")
    yield Heading("Respondents")
    yield Paragraph(
        f"{apa.count(plan['n'])} respondents are planned, after exclusions."
        if plan["n"] is not None
        else "No number of respondents is planned."
    )
    if plan["n_reason"]:
        yield Paragraph(plan["n_reason"])
    if plan["last_day"]:
        last = date.fromisoformat(plan["last_day"])
        yield Paragraph(f"Last day of data collection: {last:%-d %B %Y}.")
    for name in _AFTER:
        yield Heading(TEXTS[name])
        yield Paragraph(plan[name] or "Nothing is stated.")
        if name == "exclusions":
            yield from _steps(plan, number)
    yield Heading("Planned models")
    yield from _models(plan)
    yield Heading("How to verify this document")
    yield Paragraph(
        "The SHA-256 is that of the canonical JSON of the plan (keys sorted, no spaces, UTF-8), which is"
        " downloaded from the plan's page. “surveyapp preregistration check FILE” computes it anew."
        " Compare it with a copy that was deposited elsewhere."
    )
    yield Paragraph(sha256, Tone.QUOTE)


def _steps(plan: Mapping[str, Any], number: Iterator[int]) -> Iterator[Block]:
    if not plan["steps"]:
        yield Paragraph("No step is planned to be taken on the answers.")
        return
    yield Table(
        number=next(number),
        title="Planned Steps",
        columns=[Column("", 0.06), Column("Step", 0.5), Column("Reason", 0.44)],
        cells=[
            (str(at), each["words"], each["reason"] or "–")
            for at, each in enumerate(plan["steps"], start=1)
        ],
        look=Look.APA,
    )


def _models(plan: Mapping[str, Any]) -> Iterator[Block]:
    if not plan["models"]:
        yield Paragraph("No model is planned.")
    for each in plan["models"]:
        yield Heading(each["name"], level=2)
        yield Paragraph(f"{options_in_words(each['kind'], each['options'], each['text'])}.")
        yield Paragraph(each["text"], Tone.QUOTE)
        for analysis in each["analyses"]:
            yield Paragraph(f"Further analysis: {analysis_in_words(analysis)}", Tone.BULLET)


def analysis_in_words(analysis: Mapping[str, Any]) -> str:
    """A planned further analysis by its title and what was chosen for it."""
    found = ANALYSES.get(analysis["kind"])
    if found is None:
        return str(analysis["kind"])
    return in_words(found.title, found.options, analysis["options"])
