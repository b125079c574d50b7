"""The skeleton of a data-protection impact assessment (GDPR, Article 35(7)): what is known is said, what
must be judged is left blank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveyapp.reports.document import Block, Column, Heading, Paragraph, Table, Text
from surveyapp.reports.privacy.facts import Facts
from surveyapp.reports.privacy.written import blank, counted, rows
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Risk:
    """What could happen, the guard in place, and what is left open; empty where a guard stands."""

    what: str
    guard: str
    open: str = ""


def assessment(facts: Facts) -> Iterator[Block]:
    """The blocks of the chapter."""
    yield Heading("Impact assessment (Article 35)", new_page=True)
    yield Paragraph(
        "A skeleton: whether an assessment is required, and how likely and grave each risk is, only the"
        " controller can judge."
    )
    yield Heading("Is one required?", level=2)
    yield _screening(facts)
    yield Heading("Necessity and proportionality", level=2)
    yield _necessity(facts)
    yield Heading("Rights and how they are served", level=2)
    yield _rights(facts)
    yield Heading("Risks", level=2)
    yield _risks(facts)
    yield Heading("Outcome", level=2)
    yield rows(
        "Decision",
        ("Advice of the data protection officer", blank("advice, date")),
        ("Views of data subjects", blank("asked how, or why not")),
        ("Measures still to be taken", blank("by whom, by when")),
        ("Prior consultation (Article 36)", blank("needed if high risks remain")),
        ("Decided", blank("by whom, when, next review")),
    )


def _screening(facts: Facts) -> Table:
    texts = f"{counted(len(facts.free_texts), 'free-text question')} may hold such data"
    return rows(
        "Criteria",
        ("Large scale", _judged(f"{counted(facts.answers, 'answer')} stored.")),
        (
            "Special categories",
            _judged(f"{texts if facts.free_texts else 'No free texts are asked'}."),
        ),
        ("Systematic monitoring", blank("whether customers are asked again and again")),
        ("Vulnerable people", blank("children, patients, employees")),
        (
            "Automated decisions",
            _judged("A low score opens a case for staff.")
            if facts.survey.case_rule and not facts.survey.is_anonymous
            else blank("whether any follow from answers"),
        ),
        ("Matching of data", blank("whether exports are joined with other records")),
    )  # fmt: skip


def _judged(known: str) -> Text:
    """What is known of a criterion, before the judgement that is left blank."""
    return (f"{known} ", *blank("judgement"))


def _necessity(facts: Facts) -> Table:
    n = len(facts.attributes)
    return rows(
        "Questions to answer",
        ("Purpose", blank("why it cannot be reached without these data")),
        ("Questions", f"{len(facts.items)} asked; see Personal data"),
        ("Attributes", f"{n} stored; see Personal data" if n else "none stored"),
        (
            "Anonymity",
            "the survey is anonymous"
            if facts.survey.is_anonymous
            else blank("why an anonymous survey would not do"),
        ),
        (
            "Retention",
            f"{facts.rule.months} months" if facts.rule else blank("why answers are kept for good"),
        ),
    )


def _rights(facts: Facts) -> Table:
    title = "Rights"
    if facts.survey.is_anonymous:
        return rows(
            title,
            (
                "Access, correction, erasure, portability",
                "not possible for stored answers: nobody can tell whose they are (Article 11)",
            ),
            ("Withdrawal, objection", _opting_out(facts)),
            ("Requests", blank("where customers turn to, who answers in which time")),
        )
    return rows(
        title,
        ("Access, portability", "by staff under Customers as JSON; by customers on the page of their"
         " personal link"),
        ("Correction", "by customers on the page of their personal link"),
        ("Erasure", "by customers there; by staff under Customers, with a receipt, or one response. Scores,"
         " rollups and cases follow, other programs are told, reports are marked"),
        ("Withdrawal, objection", _opting_out(facts)),
        ("Restriction", blank("how a request is handled; there is no function for it")),
        ("Requests", blank("where customers turn to, who answers in which time")),
    )  # fmt: skip


def _opting_out(facts: Facts) -> str:
    if facts.sends:
        return "every mail holds a link to unsubscribe from all surveys; staff can do it under Customers"
    return "no invitations are sent from here; staff can opt customers out under Customers"


def _risks(facts: Facts) -> Table:
    columns = [
        Column("Risk", 0.24),
        Column("Guard in place", 0.34),
        Column("Left open", 0.22),
        Column("Residual risk", 0.2),
    ]
    cells: list[list[Text]] = [
        [each.what, each.guard, each.open or "–", blank("likelihood, severity")]
        for each in risks(facts)
    ]
    note = "Guards are those in force when the report was made. Add risks of your own."
    return Table(columns, cells, title="Risks to the rights and freedoms of customers", note=note)


def risks(facts: Facts) -> list[Risk]:
    """What could happen, with the guards that the settings put in force."""
    settings, survey = facts.settings, facts.survey
    required = settings.second_factors_required
    found = [
        Risk(
            "A customer is recognised in figures",
            f"figures of fewer than {settings.minimum_cell} answers are hidden with those that reveal"
            " them",
            "" if settings.minimum_cell > 1 else "the smallest cell is 1: nothing is hidden",
        ),
        Risk(
            "A customer is recognised by attributes",
            "attributes that few share are refused on personal links"
            if survey.is_anonymous
            else "answers are joined by a pseudonym only",
            f"{counted(len(facts.attributes), 'attribute')} stored" if facts.attributes else "",
        ),
        Risk(
            "An account of staff is taken over",
            f"second factor required of {', '.join(required)}" if required else "passwords",
            ""
            if facts.staff.with_second_factor == facts.staff.people
            else f"{facts.staff.people - facts.staff.with_second_factor} of"
            f" {counted(facts.staff.people, 'person', 'people')} without a second factor",
        ),
        Risk(
            "Answers are read on their way",
            "HTTPS" if facts.is_https else "none",
            "" if facts.is_https else "the public address is not encrypted",
        ),
        Risk(
            "A copy of the database gets out",
            "pseudonyms need a key that is not in it; addresses stand apart from answers, encrypted under"
            " a key that is not in it either",
            "answers and attributes are readable; encryption of disk and backups is not known here",
        ),
        Risk(
            "Answers are kept longer than needed",
            f"retention after {facts.rule.months} months" if facts.rule else "none",
            "" if facts.rule else "no retention rule is set",
        ),
    ]
    if facts.free_texts:
        found.append(
            Risk(
                "Free texts name people",
                "open answers need a grant of their own"
                + (
                    "; personal data are masked before they are stored"
                    if survey.comments.mask
                    else ""
                ),
                "masking finds what has a form, and listed names"
                + ("; what was written is kept beside it" if _keeps_originals(survey) else "")
                if survey.comments.mask
                else "what is written is stored as it is",
            )
        )
    if facts.webhooks or facts.keys:
        count = len(facts.webhooks) + len(facts.keys)
        found.append(
            Risk(
                "Other programs keep what was erased here",
                "they are told of every erasure",
                f"{count} may hold copies of their own",
            )
        )
    return found


def _keeps_originals(survey: Survey) -> bool:
    return survey.comments.keep_originals and not survey.is_anonymous
