"""Records of processing activities (GDPR, Article 30) of one survey, in the order of the article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from instruments.schema import ItemKind
from surveyapp.reports.document import Block, Column, Heading, Paragraph, Table, Text
from surveyapp.reports.privacy.facts import Facts
from surveyapp.reports.privacy.written import blank, counted, rows
from surveyapp.responses.retention_rules import Method
from surveyapp.results.phrases import day

KINDS = {
    ItemKind.RATING: "rating",
    ItemKind.ZERO_TO_TEN: "0 to 10",
    ItemKind.YES_NO: "yes or no",
    ItemKind.SINGLE_CHOICE: "one choice",
    ItemKind.MULTIPLE_CHOICE: "several choices",
    ItemKind.OPEN_TEXT: "free text",
    ItemKind.EMOTION: "one choice",
}
PARADATA = {
    "way": "channel: embedded page or kiosk",
    "attention": "attention check: passed or failed",
    "preselected": "answer chosen by a click in a message, and whether it was changed",
    "not_applicable": "questions that did not apply",
    "flags": "signs of many answers from one sender",
}


def records(facts: Facts) -> Iterator[Block]:
    """The blocks of the chapter."""
    yield Heading("Records of processing (Article 30)", new_page=True)
    yield _activity(facts)
    yield Heading("Personal data", level=2)
    yield from _data(facts)
    yield Heading("Legal basis and consent", level=2)
    yield from _consent(facts)
    yield Heading("Recipients", level=2)
    yield _recipients(facts)
    yield Paragraph(
        "The names of people with access stand under Access of the journey; webhooks and keys under"
        " Connections.",
    )
    yield Heading("Transfers to third countries", level=2)
    yield _transfers(facts)
    yield Heading("Retention", level=2)
    yield _retention(facts)
    yield Heading("Security measures in force", level=2)
    yield _security(facts)


def _activity(facts: Facts) -> Table:
    survey = facts.survey
    period = f"{day(facts.first_day)} to {day(facts.last_day)}" if facts.first_day else "none yet"
    kept_by = {True: "anonymous: no answer leads to a customer or an invitation", False:
        "pseudonymous: a keyed hash of the customer's reference joins a customer's answers"}  # fmt: skip
    return rows(
        "Activity",
        ("Survey", f"{survey.name} (code {survey.code}), {survey.state}"),
        ("Service", f"{survey.journey}, at {survey.touchpoint}, by {survey.provider}"),
        ("Address", facts.settings.base_url),
        ("Controller", blank("name and contact details of the controller")),
        ("Joint controllers, representative", blank("if there are any")),
        ("Data protection officer", blank("name and contact details, if one is appointed")),
        ("Purpose", blank("why this service is surveyed, and what the answers are used for")),
        ("Data subjects", blank("which customers are asked")),
        ("Identity", kept_by[survey.is_anonymous]),
        ("Answers stored", f"{facts.answers:,}, {period}"),
    )


def _data(facts: Facts) -> Iterator[Block]:
    columns = [Column("Questionnaire", 0.24), Column("Question", 0.6), Column("Answer", 0.16)]
    cells = [[each.questionnaire, each.text, KINDS[each.kind]] for each in facts.items]
    note = ""
    if facts.free_texts:
        note = (
            "A free text holds whatever somebody writes: names, health, other people. Special"
            " categories (Article 9) cannot be ruled out."
        )
    yield Table(columns, cells, title="Questions asked", note=note)
    survey = facts.survey
    times = "the day of release" if survey.is_anonymous else "begin and end, to the second"
    told: list[tuple[str, Text]] = [
        ("Attributes", _listed(facts.attributes, "none stored")),
        ("How it was answered", _listed([PARADATA.get(n, n) for n in facts.paradata], "none")),
        ("Time", times),
        ("Language, consent version", "stored with each answer"),
        (
            "Joined to",
            "nobody"
            if survey.is_anonymous
            else "a journey run under the customer's pseudonym, and the invitation answered",
        ),
        ("Addresses", _addresses(facts)),
        (
            "Prize draw",
            "an address, apart from the answers, with the day"
            if survey.draw
            else "none is offered",
        ),
        ("Cases of low scores", _cases(facts)),
        ("IP address, browser", "not stored with answers"),
    ]
    yield rows("Stored with or beside an answer", *told)


def _addresses(facts: Facts) -> str:
    if not facts.sends:
        return "this survey has sent no invitation from here"
    return (
        "mail address or telephone number, language and time zone of invited customers, with the events"
        " after which they were asked, apart from answers"
    )


def _cases(facts: Facts) -> str:
    if facts.survey.is_anonymous or facts.survey.case_rule is None:
        return "none are opened"
    return "score, owner, state, and notes that staff write about the customer"


def _consent(facts: Facts) -> Iterator[Block]:
    survey = facts.survey
    text: Text = survey.consent or "The survey shows no consent text."
    ticked = "a box to be ticked" if survey.consent_box else "text only, without a box"
    yield rows(
        "Basis",
        ("Legal basis", blank("the point of Article 6(1), and of Article 9(2) where it applies")),
        ("Consent text", text),
        ("Version, form", f"{survey.consent_version}, {ticked}" if survey.consent else "none"),
        ("Information (Article 13)", blank("where customers find the privacy notice")),
    )


def _recipients(facts: Facts) -> Table:
    staff = ", ".join(f"{count} {name}" for name, count in facts.staff.by_grant.items())
    told: list[tuple[str, Text]] = [
        (
            "Staff with access",
            f"{counted(facts.staff.people, 'person', 'people')} ({staff})" if staff else "nobody",
        )
    ]
    for each in facts.webhooks:
        told.append((f"Webhook to {each.name}", f"is told of: {_listed(each.gets)}"))
    for each in facts.keys:
        whose = "this journey" if each.of_this_journey else "all journeys"
        told.append((f"API key {each.name}", f"{_listed(each.gets)}; of {whose}"))
    if host := _host(facts.settings.smtp_url):
        told.append(("Mail server", host))
    if facts.survey.sampling.active and facts.survey.sampling.channel == "webhook":
        told.append(("Messages", "leave by a webhook: address or number, and a personal link"))
    if host := _host(facts.settings.oidc_issuer):
        told.append(("Identity provider of staff", f"{host}; gets no answers"))
    told.append(("Processors", blank("hosting, mail, analysis; contracts under Article 28")))
    return rows("Who receives data", *told)


def _transfers(facts: Facts) -> Table:
    hosts = {
        "This server": _host(facts.settings.base_url),
        "Database": _host(facts.settings.database_url) or "on this server",
        "Mail server": _host(facts.settings.smtp_url),
        **{f"Webhook {n}": each.name for n, each in enumerate(facts.webhooks, start=1)},
    }
    cells: list[list[Text]] = [
        [name, host, blank("country; safeguard under Chapter V")]
        for name, host in hosts.items()
        if host
    ]
    columns = [Column("What", 0.24), Column("Host", 0.36), Column("Where, by which safeguard", 0.4)]
    return Table(columns, cells, title="Hosts that data reach")


def _retention(facts: Facts) -> Table:
    rule, settings = facts.rule, facts.settings
    kept = "for good: no rule is set"
    if rule is not None:
        done = "deleted" if rule.method is Method.DELETE else "anonymised"
        kept = f"{rule.months} full months after the month of the answer, then {done}"
    told: list[tuple[str, Text]] = [
        ("Answers", kept),
        ("Addresses, events", f"{settings.keep_contacts_days} days"),
        ("Words and recipients of messages", f"{settings.keep_messages_days} days"),
        ("Audit log", "for good; customers stand in it as keyed hashes"),
        ("Backups", blank("how long copies are kept")),
    ]
    return rows("Time limits", *told)


def _security(facts: Facts) -> Table:
    settings, staff = facts.settings, facts.staff
    https = "HTTPS" if facts.is_https else "not encrypted: the public address is no https address"
    mail = "no mail is sent"
    if settings.smtp_url:
        always = settings.require_starttls or settings.smtp_url.startswith("smtps")
        mail = "encrypted or not sent" if always else "encrypted where the server offers it"
    roles = _listed(settings.second_factors_required, "no role")
    told: list[tuple[str, Text]] = [
        ("Pages and API", https),
        ("Mail to the mail server", mail),
        (
            "Webhooks",
            "HTTPS to public addresses, signed"
            + (f"; excepted: {settings.private_hooks}" if settings.private_hooks else ""),
        ),
        ("Second factor", f"required of {roles}; {staff.with_second_factor} of {staff.people} use one"),
        ("Sign-in", _sign_in(facts)),
        ("Sessions", f"end after {settings.session_hours} hours, unused after"
         f" {settings.session_idle_minutes} minutes"),
        ("Access", "by role and by grant on the journey"),
        ("Pseudonyms", "keyed hashes (HMAC-SHA-256); the key is not in the database"),
        ("Names and addresses", "encrypted in the database (AES-256-GCM); the master key is not in it"),
        ("Publication", f"figures of fewer than {settings.minimum_cell} answers are hidden, with those"
         " that would reveal them"),
        ("Audit log", "who changed, read and exported what; chained hashes, append-only"),
        ("Database", facts.database),
        ("Disk and backups", blank("encryption, access, and how restoring is tested")),
        ("Organisation", blank("training, roles, handling of breaches (Articles 33 and 34)")),
    ]  # fmt: skip
    if facts.survey.is_anonymous:
        told.append(
            (
                "Anonymity",
                f"answers wait encrypted and are released {settings.minimum_cell} or more at a time",
            )
        )
    return rows("Measures", *told)


def _sign_in(facts: Facts) -> str:
    ways = []
    if facts.settings.local_passwords:
        ways.append("passwords (argon2id, common ones refused, guesses limited) or passkeys")
    if facts.settings.oidc_issuer:
        ways.append("the identity provider")
    return "; ".join(ways)


def _listed(names: Sequence[str], otherwise: str = "nothing") -> str:
    return ", ".join(names) or otherwise


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
