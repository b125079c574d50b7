"""The skeleton of a data-protection impact assessment (GDPR, Article 35(7)): what is known is said, what
must be judged is left blank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.document import Block, Column, Heading, Paragraph, Table, Text
from surveyapp.reports.privacy.facts import Facts
from surveyapp.reports.privacy.written import blank, rows
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Risk:
    """What could happen, the guard in place, and what is left open; empty where a guard stands."""

    what: str
    guard: str
    open: str = ""


def assessment(facts: Facts, words: Words = ENGLISH) -> Iterator[Block]:
    """The blocks of the chapter."""
    yield Heading(words.say("Impact assessment (Article 35)"), new_page=True)
    yield Paragraph(
        words.say(
            "A skeleton: whether an assessment is required, and how likely and grave each risk is, only the"
            " controller can judge."
        )
    )
    yield Heading(words.say("Is one required?"), level=2)
    yield _screening(facts, words)
    yield Heading(words.say("Necessity and proportionality"), level=2)
    yield _necessity(facts, words)
    yield Heading(words.say("Rights and how they are served"), level=2)
    yield _rights(facts, words)
    yield Heading(words.say("Risks"), level=2)
    yield _risks(facts, words)
    yield Heading(words.say("Outcome"), level=2)
    yield rows(
        words.say("Decision"),
        words,
        (
            words.say("Advice of the data protection officer"),
            blank(words.say("advice, date"), words),
        ),
        (words.say("Views of data subjects"), blank(words.say("asked how, or why not"), words)),
        (words.say("Measures still to be taken"), blank(words.say("by whom, by when"), words)),
        (
            words.say("Prior consultation (Article 36)"),
            blank(words.say("needed if high risks remain"), words),
        ),
        (words.say("Decided"), blank(words.say("by whom, when, next review"), words)),
    )


def _screening(facts: Facts, words: Words) -> Table:
    texts = words.say("No free texts are asked.")
    if facts.free_texts:
        texts = words.say_count(
            "{n} free-text question may hold such data.",
            "{n} free-text questions may hold such data.",
            n=len(facts.free_texts),
        )
    stored = words.say_count("{n} answer stored.", "{n} answers stored.", n=facts.answers)
    decided: Text = blank(words.say("whether any follow from answers"), words)
    if facts.survey.case_rule and not facts.survey.is_anonymous:
        decided = _judged(words.say("A low score opens a case for staff."), words)
    return rows(
        words.say("Criteria"),
        words,
        (words.say("Large scale"), _judged(stored, words)),
        (words.say("Special categories"), _judged(texts, words)),
        (
            words.say("Systematic monitoring"),
            blank(words.say("whether customers are asked again and again"), words),
        ),
        (
            words.say("Vulnerable people"),
            blank(words.say("children, patients, employees"), words),
        ),
        (words.say("Automated decisions"), decided),
        (
            words.say("Matching of data"),
            blank(words.say("whether exports are joined with other records"), words),
        ),
    )


def _judged(known: str, words: Words) -> Text:
    """What is known of a criterion, before the judgement that is left blank."""
    return (f"{known} ", *blank(words.say("judgement"), words))


def _necessity(facts: Facts, words: Words) -> Table:
    attributes = words.say("none stored")
    if facts.attributes:
        attributes = words.say(
            "{n} stored; see Personal data", n=words.number(len(facts.attributes))
        )
    anonymous: Text = blank(words.say("why an anonymous survey would not do"), words)
    if facts.survey.is_anonymous:
        anonymous = words.say("the survey is anonymous")
    kept: Text = blank(words.say("why answers are kept for good"), words)
    if facts.rule:
        kept = words.say_count("{n} month", "{n} months", n=facts.rule.months)
    return rows(
        words.say("Questions to answer"),
        words,
        (
            words.say("Purpose"),
            blank(words.say("why it cannot be reached without these data"), words),
        ),
        (
            words.say("Questions"),
            words.say("{n} asked; see Personal data", n=words.number(len(facts.items))),
        ),
        (words.say("Attributes"), attributes),
        (words.say("Anonymity"), anonymous),
        (words.say("Retention"), kept),
    )


def _rights(facts: Facts, words: Words) -> Table:
    requests = (
        words.say("Requests"),
        blank(words.say("where customers turn to, who answers in which time"), words),
    )
    out = (words.say("Withdrawal, objection"), words.say(_opting_out(facts)))
    if facts.survey.is_anonymous:
        return rows(
            words.say("Rights"),
            words,
            (
                words.say("Access, correction, erasure, portability"),
                words.say(
                    "not possible for stored answers: nobody can tell whose they are (Article 11)"
                ),
            ),
            out,
            requests,
        )
    return rows(
        words.say("Rights"),
        words,
        (
            words.say("Access, portability"),
            words.say(
                "by staff under Customers as JSON; by customers on the page of their personal link"
            ),
        ),
        (
            words.say("Correction"),
            words.say("by customers on the page of their personal link"),
        ),
        (
            words.say("Erasure"),
            words.say(
                "by customers there; by staff under Customers, with a receipt, or one response. Scores,"
                " rollups and cases follow, other programs are told, reports are marked"
            ),
        ),
        out,
        (
            words.say("Restriction"),
            blank(words.say("how a request is handled; there is no function for it"), words),
        ),
        requests,
    )


def _opting_out(facts: Facts) -> str:
    if facts.sends:
        return msg(
            "every mail holds a link to unsubscribe from all surveys; staff can do it under Customers"
        )
    return msg("no invitations are sent from here; staff can opt customers out under Customers")


def _risks(facts: Facts, words: Words) -> Table:
    columns = [
        Column(words.say("Risk"), 0.24),
        Column(words.say("Guard in place"), 0.34),
        Column(words.say("Left open"), 0.22),
        Column(words.say("Residual risk"), 0.2),
    ]
    cells: list[list[Text]] = [
        [
            each.what,
            each.guard,
            each.open or "\N{EN DASH}",
            blank(words.say("likelihood, severity"), words),
        ]
        for each in risks(facts, words)
    ]
    return Table(
        columns,
        cells,
        title=words.say("Risks to the rights and freedoms of customers"),
        note=words.say(
            "Guards are those in force when the report was made. Add risks of your own."
        ),
    )


def risks(facts: Facts, words: Words = ENGLISH) -> list[Risk]:
    """What could happen, with the guards that the settings put in force."""
    found = [
        _in_figures(facts, words),
        _by_attributes(facts, words),
        _taken_over(facts, words),
        Risk(
            words.say("Answers are read on their way"),
            "HTTPS" if facts.is_https else words.say("none"),
            "" if facts.is_https else words.say("the public address is not encrypted"),
        ),
        Risk(
            words.say("A copy of the database gets out"),
            words.say(
                "pseudonyms need a key that is not in it; addresses stand apart from answers, encrypted"
                " under a key that is not in it either"
            ),
            words.say(
                "answers and attributes are readable; encryption of disk and backups is not known here"
            ),
        ),
        _too_long(facts, words),
    ]
    if facts.free_texts:
        found.append(_named(facts, words))
    if copies := len(facts.webhooks) + len(facts.keys):
        found.append(
            Risk(
                words.say("Other programs keep what was erased here"),
                words.say("they are told of every erasure"),
                words.say_count(
                    "{n} may hold copies of their own", "{n} may hold copies of their own", n=copies
                ),
            )
        )
    return found


def _in_figures(facts: Facts, words: Words) -> Risk:
    least = facts.settings.minimum_cell
    return Risk(
        words.say("A customer is recognised in figures"),
        words.say(
            "figures of fewer than {n} answers are hidden with those that reveal them",
            n=words.number(least),
        ),
        "" if least > 1 else words.say("the smallest cell is 1: nothing is hidden"),
    )


def _by_attributes(facts: Facts, words: Words) -> Risk:
    guard = (
        msg("attributes that few share are refused on personal links")
        if facts.survey.is_anonymous
        else msg("answers are joined by a pseudonym only")
    )
    left = ""
    if facts.attributes:
        left = words.say_count(
            "{n} attribute stored", "{n} attributes stored", n=len(facts.attributes)
        )
    return Risk(words.say("A customer is recognised by attributes"), words.say(guard), left)


def _taken_over(facts: Facts, words: Words) -> Risk:
    required, staff = facts.settings.second_factors_required, facts.staff
    guard = words.say("passwords")
    if required:
        roles = words.joined([words.name(role) for role in required])
        guard = words.say("second factor required of {roles}", roles=roles)
    left = ""
    if staff.with_second_factor != staff.people:
        left = words.say_count(
            "{without} of {n} person without a second factor",
            "{without} of {n} people without a second factor",
            n=staff.people,
            without=words.number(staff.people - staff.with_second_factor),
        )
    return Risk(words.say("An account of staff is taken over"), guard, left)


def _too_long(facts: Facts, words: Words) -> Risk:
    what = words.say("Answers are kept longer than needed")
    if not facts.rule:
        return Risk(what, words.say("none"), words.say("no retention rule is set"))
    guard = words.say_count(
        "retention after {n} month", "retention after {n} months", n=facts.rule.months
    )
    return Risk(what, guard)


def _named(facts: Facts, words: Words) -> Risk:
    what, survey = words.say("Free texts name people"), facts.survey
    if not survey.comments.mask:
        return Risk(
            what,
            words.say("open answers need a grant of their own"),
            words.say("what is written is stored as it is"),
        )
    left = (
        msg("masking finds what has a form, and listed names; what was written is kept beside it")
        if _keeps_originals(survey)
        else msg("masking finds what has a form, and listed names")
    )
    return Risk(
        what,
        words.say(
            "open answers need a grant of their own; personal data are masked before they are stored"
        ),
        words.say(left),
    )


def _keeps_originals(survey: Survey) -> bool:
    return survey.comments.keep_originals and not survey.is_anonymous
