"""What the bank's customers write, built from parts whose themes are known, and how it was coded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.comments.code_book import add_code
from surveyapp.comments.evidence import add_evidence, proposed_evidence
from surveyapp.comments.pain_points import PainPointText, write_pain_point
from surveyapp.jobs.kinds import PROPOSE_THEMES, JourneyPayload
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Comment, CommentCoding, CommentMark, Journey, SurveyRow

# Name, theme, dimension, definition, by code.
BOOK: Mapping[str, tuple[str, str, str, str]] = {
    "wait": ("Long wait", "Time", "Process", "Waiting for an answer, a meeting or a decision."),
    "app": ("App fails", "Self-service", "Channels", "The app or website stops or refuses."),
    "unclear": (
        "Unclear papers",
        "Self-service",
        "Channels",
        "Not knowing what is needed, and why.",
    ),
    "fees": ("Fees", "Price", "Offer", "Costs that were high or came as a surprise."),
    "staff": ("Friendly staff", "People", "Contact", "Praise for somebody who helped."),
}
PHRASES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "wait": ("I waited weeks for an answer", "The waiting time was far too long"),
        "app": ("The app crashed again", "The app kept logging me out"),
        "unclear": ("Nobody said which papers are needed", "The form was unclear to me"),
        "fees": ("The fees came as a surprise", "The fees are too high"),
        "staff": ("The adviser was friendly and helpful", "A very friendly adviser helped me"),
    },
    "fi": {
        "wait": ("Odotin vastausta viikkoja", "Odotusaika oli aivan liian pitkä"),
        "app": ("Sovellus kaatui taas", "Sovellus kirjasi minut ulos"),
        "unclear": ("Kukaan ei kertonut, mitä papereita tarvitaan", "Lomake oli epäselvä"),
        "fees": ("Kulut tulivat yllätyksenä", "Kulut ovat liian korkeat"),
        "staff": ("Neuvoja oli ystävällinen ja avulias", "Ystävällinen neuvoja auttoi minua"),
    },
    "sv": {
        "wait": ("Jag väntade i veckor på svar", "Väntetiden var alldeles för lång"),
        "app": ("Appen kraschade igen", "Appen loggade ut mig hela tiden"),
        "unclear": ("Ingen sa vilka papper som behövs", "Blanketten var oklar"),
        "fees": ("Avgifterna kom som en överraskning", "Avgifterna är för höga"),
        "staff": ("Rådgivaren var vänlig och hjälpsam", "En vänlig rådgivare hjälpte mig"),
    },
    "de": {
        "wait": ("Ich habe Wochen auf Antwort gewartet", "Die Wartezeit war viel zu lang"),
        "app": ("Die App ist wieder abgestürzt", "Die App hat mich ständig abgemeldet"),
        "unclear": ("Niemand sagte, welche Unterlagen nötig sind", "Das Formular war unklar"),
        "fees": ("Die Gebühren kamen überraschend", "Die Gebühren sind zu hoch"),
        "staff": ("Die Beraterin war freundlich", "Eine freundliche Beraterin hat geholfen"),
    },
    "fr": {
        "wait": ("J’ai attendu une réponse des semaines", "Le temps d’attente était trop long"),
        "app": ("L’application a encore planté", "L’application me déconnecte sans cesse"),
        "unclear": ("Personne n’a dit quels papiers il faut", "Le formulaire n’était pas clair"),
        "fees": ("Les frais étaient une surprise", "Les frais sont trop élevés"),
        "staff": ("Le conseiller était aimable", "Un conseiller très aimable m’a aidé"),
    },
    "es": {
        "wait": ("Esperé semanas una respuesta", "El tiempo de espera fue demasiado largo"),
        "app": ("La aplicación falló otra vez", "La aplicación cerraba mi sesión"),
        "unclear": ("Nadie dijo qué papeles hacen falta", "El formulario no era claro"),
        "fees": ("Las comisiones fueron una sorpresa", "Las comisiones son muy altas"),
        "staff": ("La asesora fue amable", "Una asesora muy amable me ayudó"),
    },
    "ar": {
        "wait": ("انتظرت الرد أسابيع", "كان وقت الانتظار طويلا جدا"),
        "app": ("تعطل التطبيق مرة أخرى", "التطبيق يسجل خروجي دائما"),
        "unclear": ("لم يقل أحد ما الأوراق المطلوبة", "كان النموذج غير واضح"),
        "fees": ("كانت الرسوم مفاجأة", "الرسوم مرتفعة جدا"),
        "staff": ("كان المستشار ودودا", "ساعدني مستشار ودود جدا"),
    },
}
# What some add, which is masked before it is stored.
_ADDED = (
    "please call 040 123 4567",
    "my mail is anna.virtanen@mail.example",
    "I live at Mannerheimintie 5 A 12",
)
_LANGUAGES = ("en", "fi", "sv", "de", "fr", "es", "ar")
_SHARES = (0.3, 0.25, 0.12, 0.1, 0.09, 0.08, 0.06)
_WRITES, _ADDS, _QUOTABLE = 0.5, 0.06, 0.4
_COMPLAINTS, _ODDS = ("wait", "app", "unclear", "fees"), (0.4, 0.25, 0.2, 0.15)
_MISSES, _TWICE = 0.07, 0.5  # of a coder's codes; of the coded comments


def comment(
    answers: Mapping[str, Mapping[str, Any]], rng: np.random.Generator
) -> tuple[dict[str, dict[str, Any]], str, dict[str, Any]]:
    """Answers with what their customer wrote, its language, and whether it may be quoted.

    Who is satisfied praises, who is not complains; ``rng`` is of its own, so that scores stay.
    """
    kept = {code: dict(given) for code, given in answers.items()}
    given = kept.get("csat", {})
    if "csat" not in given or rng.random() >= _WRITES:
        return kept, "en", {}
    language = str(rng.choice(_LANGUAGES, p=_SHARES))
    known = ["staff"] if given["csat"] >= 4 else [str(rng.choice(_COMPLAINTS, p=_ODDS))]
    if given["csat"] == 3 and rng.random() < 0.5:
        known.append("staff")
    parts = [PHRASES[language][theme][int(rng.integers(0, 2))] for theme in known]
    if language == "en" and rng.random() < _ADDS:
        parts.append(str(rng.choice(_ADDED)))
    given["csat_reason"] = ". ".join(parts) + "."
    return kept, language, {"quote": True} if rng.random() < _QUOTABLE else {}


def code(session: Session, journey: Journey, *, rng: np.random.Generator, owner_id: int) -> None:
    """A code book, codes of the newest comments by two coders who miss some, and pain points."""
    numbers = {}
    for word, (name, theme, dimension, definition) in BOOK.items():
        raw = {"code": word, "name": name, "theme": theme, "dimension": dimension}
        made = add_code(session, journey, {**raw, "definition": definition}, user_id=owner_id)
        numbers[word] = made.id
    for number, item, text in _newest(session, journey):
        truth = {numbers[word] for word in BOOK if _says(word, text)}
        roles = ["first", "second"] if rng.random() < _TWICE else ["first"]
        given = {role: {each for each in truth if rng.random() >= _MISSES} for role in roles}
        if len(roles) == 2 and given["first"] == given["second"]:
            given["final"] = given["first"]
        for role, codes in given.items():
            place = {"response_id": number, "item": item, "role": role}
            coder = owner_id if role == "first" else None
            session.add(CommentCoding(**place, coder_id=coder, coded_at=utc_now()))
            session.flush()
            session.add_all(CommentMark(**place, code_id=each) for each in sorted(codes))
    for said in _pain_points(journey, owner_id):
        point = write_pain_point(session, journey, None, said, user_id=owner_id)
        for each in proposed_evidence(session, point)[:2]:
            add_evidence(
                session,
                journey,
                point,
                "comment",
                each.response_id,
                each.item,
                user_id=owner_id,
            )


def _pain_points(journey: Journey, owner_id: int) -> Iterator[PainPointText]:
    places = {point.code: point.id for stage in journey.stages for point in stage.touchpoints}
    yield PainPointText(
        title="Customers wait for weeks and nobody tells them why",
        theme="Time",
        severity="workaround",
        affected_by="theme",
        whys=(
            "Applications lie in a queue for days.",
            "Each is read by two people, one after the other.",
            "The second reader checks what the form could check.",
        ),
        owner_id=owner_id,
    )
    yield PainPointText(
        title="The video call keeps customers waiting",
        severity="abandons",
        touchpoint_id=places.get("identity"),
        affected_by="low",
        affected_key="csat.csat",
        whys=("The partner has too few agents in the evening.",),
        owner_id=owner_id,
    )
    yield PainPointText(
        title="The first sign-in asks for the same code twice",
        theme="Self-service",
        severity="trivial",
        touchpoint_id=places.get("signin"),
        affected_by="low",
        affected_key="csat.csat",
        owner_id=owner_id,
        state="solved",
    )


def ask_themes(session: Session, journey: Journey, *, owner_id: int) -> int:
    """The job that proposes themes of this journey's comments."""
    payload = JourneyPayload(journey.id)
    job = PROPOSE_THEMES.ask(session, payload, journey_id=journey.id, user_id=owner_id)
    return job.id


def _newest(session: Session, journey: Journey, most: int = 240) -> list[tuple[int, str, str]]:
    query = (
        select(Comment.response_id, Comment.item, Comment.text)
        .join(SurveyRow, SurveyRow.id == Comment.survey_id)
        .where(SurveyRow.journey_id == journey.id)
        .order_by(Comment.submitted_at.desc(), Comment.response_id.desc())
    )
    return [(number, item, text) for number, item, text in session.execute(query.limit(most))]


def _says(word: str, text: str) -> bool:
    return any(phrase in text for known in PHRASES.values() for phrase in known[word])
