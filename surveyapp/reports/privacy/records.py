"""Records of processing activities (GDPR, Article 30) of one survey, in the order of the article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from instruments.schema import ItemKind
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.document import Block, Column, Heading, Paragraph, Table, Text
from surveyapp.reports.privacy.facts import Facts
from surveyapp.reports.privacy.written import blank, rows
from surveyapp.responses.retention_rules import KeepRule, Method

KINDS = {
    ItemKind.RATING: msg("rating"),
    ItemKind.ZERO_TO_TEN: msg("0 to 10"),
    ItemKind.YES_NO: msg("yes or no"),
    ItemKind.SINGLE_CHOICE: msg("one choice"),
    ItemKind.MULTIPLE_CHOICE: msg("several choices"),
    ItemKind.OPEN_TEXT: msg("free text"),
    ItemKind.EMOTION: msg("one choice"),
}
PARADATA = {
    "way": msg("channel: embedded page or kiosk"),
    "attention": msg("attention check: passed or failed"),
    "preselected": msg("answer chosen by a click in a message, and whether it was changed"),
    "not_applicable": msg("questions that did not apply"),
    "flags": msg("signs of many answers from one sender"),
}
_STATES = {"open": msg("open for answers"), "draft": msg("draft"), "closed": msg("closed")}
_GRANTS = {
    "administrator": msg("administrator"),
    "owner": msg("owner"),
    "editor": msg("editor"),
    "reader": msg("reader"),
    "comments": msg("comments"),
    "contacts": msg("contacts"),
}


def records(facts: Facts, words: Words = ENGLISH) -> Iterator[Block]:
    """The blocks of the chapter."""
    yield Heading(words.say("Records of processing (Article 30)"), new_page=True)
    yield _activity(facts, words)
    yield Heading(words.say("Personal data"), level=2)
    yield from _data(facts, words)
    yield Heading(words.say("Legal basis and consent"), level=2)
    yield from _consent(facts, words)
    yield Heading(words.say("Recipients"), level=2)
    yield _recipients(facts, words)
    yield Paragraph(
        words.say(
            "The names of people with access stand under Access of the journey; webhooks and keys under"
            " Connections."
        ),
    )
    yield Heading(words.say("Transfers to third countries"), level=2)
    yield _transfers(facts, words)
    yield Heading(words.say("Retention"), level=2)
    yield _retention(facts, words)
    yield Heading(words.say("Security measures in force"), level=2)
    yield _security(facts, words)


def _activity(facts: Facts, words: Words) -> Table:
    survey = facts.survey
    period = words.say("none yet")
    if facts.first_day:
        period = words.between(words.day(facts.first_day), words.day(facts.last_day))
    identity = (
        msg("anonymous: no answer leads to a customer or an invitation")
        if survey.is_anonymous
        else msg(
            "pseudonymous: a keyed hash of the customer's reference joins a customer's answers"
        )
    )
    return rows(
        words.say("Activity"),
        words,
        (
            words.say("Survey"),
            words.say(
                "{name} (code {code}), {state}",
                name=words.name(survey.name),
                code=words.name(survey.code),
                state=words.say(_STATES[survey.state]) if survey.state in _STATES else survey.state,
            ),
        ),
        (
            words.say("Service"),
            words.say(
                "{journey}, at {touchpoint}, by {provider}",
                journey=words.name(survey.journey),
                touchpoint=words.name(survey.touchpoint),
                provider=words.name(survey.provider),
            ),
        ),
        (words.say("Address"), facts.settings.base_url),
        (
            words.say("Controller"),
            blank(words.say("name and contact details of the controller"), words),
        ),
        (
            words.say("Joint controllers, representative"),
            blank(words.say("if there are any"), words),
        ),
        (
            words.say("Data protection officer"),
            blank(words.say("name and contact details, if one is appointed"), words),
        ),
        (
            words.say("Purpose"),
            blank(
                words.say("why this service is surveyed, and what the answers are used for"), words
            ),
        ),
        (words.say("Data subjects"), blank(words.say("which customers are asked"), words)),
        (words.say("Identity"), words.say(identity)),
        (
            words.say("Answers stored"),
            words.begin(words.joined([words.number(facts.answers), period])),
        ),
    )


def _data(facts: Facts, words: Words) -> Iterator[Block]:
    columns = [
        Column(words.say("Questionnaire"), 0.24),
        Column(words.say("Question"), 0.6),
        Column(words.say("Answer"), 0.16),
    ]
    cells = [
        [words.alone(each.questionnaire), words.alone(each.text), words.say(KINDS[each.kind])]
        for each in facts.items
    ]
    note = ""
    if facts.free_texts:
        note = words.say(
            "A free text holds whatever somebody writes: names, health, other people. Special categories"
            " (Article 9) cannot be ruled out."
        )
    yield Table(columns, cells, title=words.say("Questions asked"), note=note)
    yield rows(words.say("Stored with or beside an answer"), words, *_stored(facts, words))


def _stored(facts: Facts, words: Words) -> Iterator[tuple[str, Text]]:
    survey = facts.survey
    kept = [words.say(PARADATA[n]) if n in PARADATA else words.name(n) for n in facts.paradata]
    yield words.say("Attributes"), _names(facts.attributes, words, words.say("none stored"))
    yield words.say("How it was answered"), words.joined(kept) or words.say("none")
    yield (
        words.say("Time"),
        words.say("the day of release")
        if survey.is_anonymous
        else words.say("begin and end, to the second"),
    )
    yield words.say("Language, consent version"), words.say("stored with each answer")
    yield (
        words.say("Joined to"),
        words.say("nobody")
        if survey.is_anonymous
        else words.say("a journey run under the customer's pseudonym, and the invitation answered"),
    )
    yield words.say("Addresses"), words.say(_addresses(facts))
    yield (
        words.say("Prize draw"),
        words.say("an address, apart from the answers, with the day")
        if survey.draw
        else words.say("none is offered"),
    )
    yield words.say("Cases of low scores"), words.say(_cases(facts))
    yield words.say("IP address, browser"), words.say("not stored with answers")


def _addresses(facts: Facts) -> str:
    if not facts.sends:
        return msg("this survey has sent no invitation from here")
    return msg(
        "mail address or telephone number, language and time zone of invited customers, with the events"
        " after which they were asked, apart from answers"
    )


def _cases(facts: Facts) -> str:
    if facts.survey.is_anonymous or facts.survey.case_rule is None:
        return msg("none are opened")
    return msg("score, owner, state, and notes that staff write about the customer")


def _consent(facts: Facts, words: Words) -> Iterator[Block]:
    survey = facts.survey
    text = survey.consent or words.say("The survey shows no consent text.")
    form = words.say("none")
    if survey.consent:
        said = (
            msg("{version}, a box to be ticked")
            if survey.consent_box
            else msg("{version}, text only, without a box")
        )
        form = words.say(said, version=words.name(str(survey.consent_version)))
    yield rows(
        words.say("Basis"),
        words,
        (
            words.say("Legal basis"),
            blank(
                words.say("the point of Article 6(1), and of Article 9(2) where it applies"), words
            ),
        ),
        (words.say("Consent text"), text),
        (words.say("Version, form"), form),
        (
            words.say("Information (Article 13)"),
            blank(words.say("where customers find the privacy notice"), words),
        ),
    )


def _recipients(facts: Facts, words: Words) -> Table:
    return rows(words.say("Who receives data"), words, *_receivers(facts, words))


def _receivers(facts: Facts, words: Words) -> Iterator[tuple[str, Text]]:
    staff = words.say("nobody")
    if facts.staff.by_grant:
        grants = [
            words.say(
                "{n} {grant}",
                n=words.number(count),
                grant=words.say(_GRANTS[name]) if name in _GRANTS else words.name(name),
            )
            for name, count in facts.staff.by_grant.items()
        ]
        staff = words.say_count(
            "{n} person ({grants})",
            "{n} people ({grants})",
            n=facts.staff.people,
            grants=words.joined(grants),
        )
    yield words.say("Staff with access"), staff
    for each in facts.webhooks:
        yield (
            words.say("Webhook to {host}", host=words.name(each.name)),
            words.say("is told of: {events}", events=_names(each.gets, words)),
        )
    for each in facts.keys:
        whose = (
            msg("{scopes}; of this journey")
            if each.of_this_journey
            else msg("{scopes}; of all journeys")
        )
        yield (
            words.say("API key {name}", name=words.name(each.name)),
            words.say(whose, scopes=_names(each.gets, words)),
        )
    if host := _host(facts.settings.smtp_url):
        yield words.say("Mail server"), host
    if facts.survey.sampling.active and facts.survey.sampling.channel == "webhook":
        yield (
            words.say("Messages"),
            words.say("leave by a webhook: address or number, and a personal link"),
        )
    if host := _host(facts.settings.oidc_issuer):
        yield (
            words.say("Identity provider of staff"),
            words.say("{host}; gets no answers", host=words.name(host)),
        )
    yield (
        words.say("Processors"),
        blank(words.say("hosting, mail, analysis; contracts under Article 28"), words),
    )


def _transfers(facts: Facts, words: Words) -> Table:
    hosts = {
        words.say("This server"): _host(facts.settings.base_url),
        words.say("Database"): _host(facts.settings.database_url) or words.say("on this server"),
        words.say("Mail server"): _host(facts.settings.smtp_url),
        **{
            words.say("Webhook {n}", n=words.number(n)): each.name
            for n, each in enumerate(facts.webhooks, start=1)
        },
    }
    cells: list[list[Text]] = [
        [name, host, blank(words.say("country; safeguard under Chapter V"), words)]
        for name, host in hosts.items()
        if host
    ]
    columns = [
        Column(words.say("What"), 0.24),
        Column(words.say("Host"), 0.36),
        Column(words.say("Where, by which safeguard"), 0.4),
    ]
    return Table(columns, cells, title=words.say("Hosts that data reach"))


def _kept(rule: KeepRule | None, words: Words) -> str:
    if rule is None:
        return words.say("for good: no rule is set")
    if rule.method is Method.DELETE:
        return words.say_count(
            "{n} full month after the month of the answer, then deleted",
            "{n} full months after the month of the answer, then deleted",
            n=rule.months,
        )
    return words.say_count(
        "{n} full month after the month of the answer, then anonymised",
        "{n} full months after the month of the answer, then anonymised",
        n=rule.months,
    )


def _retention(facts: Facts, words: Words) -> Table:
    settings = facts.settings

    def days(n: int) -> str:
        return words.say_count("{n} day", "{n} days", n=n)

    return rows(
        words.say("Time limits"),
        words,
        (words.say("Answers"), _kept(facts.rule, words)),
        (words.say("Addresses, events"), days(settings.keep_contacts_days)),
        (words.say("Words and recipients of messages"), days(settings.keep_messages_days)),
        (
            words.say("Audit log"),
            words.say("for good; customers stand in it as keyed hashes"),
        ),
        (words.say("Backups"), blank(words.say("how long copies are kept"), words)),
    )


def _mail(facts: Facts) -> str:
    settings = facts.settings
    if not settings.smtp_url:
        return msg("no mail is sent")
    if settings.require_starttls or urlsplit(settings.smtp_url).scheme == "smtps":
        return msg("encrypted or not sent")
    return msg("encrypted where the server offers it")


def _security(facts: Facts, words: Words) -> Table:
    return rows(words.say("Measures"), words, *_measures(facts, words))


def _measures(facts: Facts, words: Words) -> Iterator[tuple[str, Text]]:
    settings, staff = facts.settings, facts.staff
    yield (
        words.say("Pages and API"),
        "HTTPS"
        if facts.is_https
        else words.say("not encrypted: the public address is no https address"),
    )
    yield words.say("Mail to the mail server"), words.say(_mail(facts))
    hooks = words.say("HTTPS to public addresses, signed")
    if settings.private_hooks:
        hooks = words.say(
            "HTTPS to public addresses, signed; excepted: {hosts}",
            hosts=words.name(str(settings.private_hooks)),
        )
    yield words.say("Webhooks"), hooks
    yield (
        words.say("Second factor"),
        words.say(
            "required of {roles}; {n} of {people} use one",
            roles=_names(settings.second_factors_required, words, words.say("no role")),
            n=words.number(staff.with_second_factor),
            people=words.number(staff.people),
        ),
    )
    yield words.say("Sign-in"), _sign_in(facts, words)
    yield (
        words.say("Sessions"),
        words.say(
            "end after {hours} hours, unused after {minutes} minutes",
            hours=words.number(settings.session_hours),
            minutes=words.number(settings.session_idle_minutes),
        ),
    )
    yield words.say("Access"), words.say("by role and by grant on the journey")
    yield (
        words.say("Pseudonyms"),
        words.say("keyed hashes (HMAC-SHA-256); the key is not in the database"),
    )
    yield (
        words.say("Names and addresses"),
        words.say("encrypted in the database (AES-256-GCM); the master key is not in it"),
    )
    yield (
        words.say("Publication"),
        words.say(
            "figures of fewer than {n} answers are hidden, with those that would reveal them",
            n=words.number(settings.minimum_cell),
        ),
    )
    yield (
        words.say("Audit log"),
        words.say("who changed, read and exported what; chained hashes, append-only"),
    )
    yield words.say("Database"), facts.database
    yield (
        words.say("Disk and backups"),
        blank(words.say("encryption, access, and how restoring is tested"), words),
    )
    yield (
        words.say("Organisation"),
        blank(words.say("training, roles, handling of breaches (Articles 33 and 34)"), words),
    )
    if facts.survey.is_anonymous:
        yield (
            words.say("Anonymity"),
            words.say(
                "answers wait encrypted and are released {n} or more at a time",
                n=words.number(settings.minimum_cell),
            ),
        )


def _sign_in(facts: Facts, words: Words) -> str:
    ways = []
    if facts.settings.local_passwords:
        ways.append(
            words.say("passwords (argon2id, common ones refused, guesses limited) or passkeys")
        )
    if facts.settings.oidc_issuer:
        ways.append(words.say("the identity provider"))
    return "; ".join(ways)


def _names(names: Sequence[str], words: Words, otherwise: str = "") -> str:
    """Names that the program or somebody gave, one after another."""
    said = words.joined([words.name(each) for each in names])
    return said or otherwise or words.say("nothing")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
