"""A questionnaire is made on pages alone: written, mended, previewed, published, asked, answered."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import fromstring

from instruments.loader import parse
from instruments.schema import ItemKind
from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.questionnaires.queries import draft_in
from surveyapp.settings import read
from surveyapp.store.models import Journey, Questionnaire, Response
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import make_journey
from tests.validity import faults as html_faults
from tests.web.respondents import form_key
from tests.web.world import add_user, session_key

pytestmark = pytest.mark.xdist_group("questionnaires")  # its tests share what is made once


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """On SQLite: what differs by database is tested in tests/questionnaires."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home, log_level="ERROR"))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def staff(app: Flask, installation: Installation) -> FlaskClient:
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    return client


@pytest.fixture(scope="module")
def journey(installation: Installation, staff: FlaskClient) -> Journey:
    with installation.store.writing() as session:
        return make_journey(session, "parking")


@pytest.fixture
def at(staff: FlaskClient, journey: Journey) -> str:
    """The address of a new questionnaire in English and Finnish."""
    sent = staff.post(
        f"/journeys/{journey.id}/questionnaires/new",
        data={"title": "Parking", "origin": "", "language": "en", "languages": ["fi"]},
    )
    assert sent.status_code == 303, sent.text
    return sent.location


def add(staff: FlaskClient, at: str, kind: ItemKind, **fields: str | list[str]) -> str:
    """A question that is saved with these fields; its address."""
    place = staff.post(f"{at}/questions", data={"kind": str(kind)}).location
    edit(staff, place, **fields)
    return place


def edit(staff: FlaskClient, place: str, **fields: str | list[str]) -> None:
    sent = staff.post(place, data={**filled(staff, place), **fields})
    assert sent.status_code == 303, sent.text


def filled(staff: FlaskClient, place: str) -> dict[str, str | list[str]]:
    """What a browser would send of a page's own form."""
    form = next(f for f in fromstring(staff.get(place).text).forms if f.find_class("primary"))
    values: dict[str, str | list[str]] = {}
    for name, value in form.form_values():
        known = values.get(name)
        values[name] = (
            value if known is None else [*(known if isinstance(known, list) else [known]), value]
        )
    return values


def shown(staff: FlaskClient, at: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that does something."""
    form = next(
        f for f in fromstring(staff.get(at).text).forms if (f.action or "").endswith(action)
    )
    return dict(form.form_values())


def stored(installation: Installation, at: str) -> Questionnaire:
    with installation.store.reading() as session:
        row = session.get_one(Questionnaire, int(at.rpartition("/")[2]))
        assert row.versions is not None
        return row


def parking(staff: FlaskClient, at: str) -> tuple[str, str]:
    """A yes/no question and one that hangs on it, both worded in two languages."""
    found = add(
        staff,
        at,
        ItemKind.YES_NO,
        **{"code": "found", "text-en": "Did you find a space?", "text-fi": "Löysitkö paikan?"},
    )
    why = add(
        staff,
        at,
        ItemKind.SINGLE_CHOICE,
        **{
            "code": "why",
            "text-en": "What was in the way?",
            "text-fi": "Mikä esti?",
            "choice-0-en": "All were taken",
            "choice-0-fi": "Kaikki varattu",
            "choice-1": "signs",
            "choice-1-en": "Signs were unclear",
            "choice-1-fi": "Opasteet",
            "answers": ["found:0"],
        },
    )
    return found, why


def titled(staff: FlaskClient, at: str, **fields: str) -> None:
    edit(staff, f"{at}/general", **{"title-fi": "Pysäköinti", "status-fi": "reviewed", **fields})


def test_from_the_first_question_to_an_answer(
    app: Flask, staff: FlaskClient, installation: Installation, journey: Journey, at: str
):
    found, _ = parking(staff, at)
    titled(
        staff,
        at,
        metric="share",
        **{"score-0": "found", "score-0-en": "Found", "score-0-fi": "Löysi"},
    )
    edit(staff, found, score="found")
    page = staff.get(at).text
    assert "to mend" not in page
    assert html_faults(page) == []
    published = staff.post(f"{at}/publish", data=shown(staff, at, "/publish"))
    assert published.status_code == 303
    assert "Version 1 is published" in staff.get(at).text
    asked = staff.post(
        f"/journeys/{journey.id}/surveys/new",
        data={
            "name": "Parking",
            "place": "end",
            "language": "en",
            "anonymity": "pseudonymous",
            "open_link": "y",
            "ask": "own-parking",
        },
    )
    assert asked.status_code == 303, asked.text
    link = next(
        each
        for each in fromstring(staff.get(asked.location).text).xpath("//@href|//@value|//text()")
        if "/s/" in each
    )
    place = "/s/" + str(link).strip().partition("/s/")[2].split()[0]
    customer = app.test_client()
    text = customer.get(place).text
    assert "Did you find a space?" in text
    hidden = customer.post(place, data={"own-parking-found": "1", "form-key": form_key(text)})
    assert hidden.status_code == 303, "the second question is not asked of whoever found a space"
    with installation.store.reading() as session:
        assert session.query(Response).one().answers == {"own-parking": {"found": 1}}


def test_all_faults_are_told_at_once_beside_their_questions(staff: FlaskClient, at: str):
    first = staff.post(f"{at}/questions", data={"kind": "rating"}).location
    second = staff.post(f"{at}/questions", data={"kind": "multiple_choice"}).location
    edit(staff, first, **{"text-en": "How {well} was it?"})
    sent = staff.post(f"{at}/publish", data=shown(staff, at, "/publish"))
    assert sent.status_code == 422
    tree = fromstring(sent.text)
    beside = {
        item.get("id"): " ".join(fault.text_content() for fault in item.find_class("fault"))
        for item in tree.find_class("question")
    }
    one, other = (beside[f"question-{place.rpartition('/')[2]}"] for place in (first, second))
    assert "Wording (en): '{well}' only {provider} and {touchpoint}" in one
    assert "Wording (fi): must not be empty" in one
    assert "Answers: [] must not be empty" in other
    assert "Title (fi): must not be empty" in tree.find_class("alert-box")[0].text_content()


def test_a_condition_hangs_on_one_question_and_is_refused_by_name(staff: FlaskClient, at: str):
    add(staff, at, ItemKind.YES_NO, code="one")
    add(staff, at, ItemKind.YES_NO, code="two")
    place = add(staff, at, ItemKind.OPEN_TEXT)
    data = {**filled(staff, place), "answers": ["one:1", "two:1"]}
    sent = staff.post(place, data=data)
    assert sent.status_code == 422
    assert "not on one and two" in sent.text
    edit(staff, place, answers=["one:1", "one:0"], sign="==")
    assert "== compares with one answer to one" in staff.get(at).text


def test_questions_are_moved_copied_and_removed_by_buttons(
    staff: FlaskClient, installation: Installation, at: str
):
    first, second = parking(staff, at)
    staff.post(f"{first}/move", data={"to": "down"})
    staff.post(f"{second}/copy")
    codes = [each.code for each in draft_in(stored(installation, at)).questions()]
    assert codes == ["why", "why_copy", "found"]
    assert "why can only depend on an earlier question, not found" in staff.get(at).text
    place = second.rpartition("/")[2]
    gone = staff.post(f"{second}/remove", data=shown(staff, at, f"/{place}/remove"))
    assert gone.status_code == 303
    codes = [each.code for each in draft_in(stored(installation, at)).questions()]
    assert codes == ["why_copy", "found"]


def test_a_question_that_somebody_else_changed_is_not_removed(staff: FlaskClient, at: str):
    first, _ = parking(staff, at)
    seen = shown(staff, at, f"/{first.rpartition('/')[2]}/remove")
    publishing = shown(staff, at, "/publish")
    edit(staff, first, **{"text-en": "Did you find one?"})
    assert staff.post(f"{first}/remove", data=seen).status_code == 409
    assert staff.post(f"{at}/publish", data=publishing).status_code == 409
    assert "Did you find one?" in staff.get(at).text


def test_a_published_version_stays_and_the_next_is_compared_with_it(
    staff: FlaskClient, installation: Installation, at: str
):
    first, _ = parking(staff, at)
    titled(staff, at)
    staff.post(f"{at}/publish", data=shown(staff, at, "/publish"))
    before = stored(installation, at).versions[0].document
    assert staff.get(first).status_code == 409, "without a draft nothing can be edited"
    staff.post(f"{at}/draft", data={"version": "1"})
    edit(staff, f"{at}/questions/1", **{"text-en": "Did you find a place?"})
    assert "Did you find a place?" in staff.get(f"{at}/compare?from=1&to=0").text
    staff.post(f"{at}/publish", data=shown(staff, at, "/publish"))
    row = stored(installation, at)
    assert [each.number for each in row.versions] == [1, 2]
    assert row.versions[0].document == before
    library = installation.library
    assert library.load(row.code).version == "2"
    assert library.load(row.code, "1").wording("en").items["found"] == "Did you find a space?"


def test_the_preview_shows_every_language_with_its_conditions_and_sends_nothing(
    staff: FlaskClient, at: str
):
    parking(staff, at)
    assert "no preview until" in staff.get(f"{at}/preview").text
    titled(staff, at)
    frame = staff.get(f"{at}/preview?lang=fi")
    assert 'width="390"' in frame.text
    assert "frame-src 'self'" in frame.headers["Content-Security-Policy"]
    page = staff.get(f"{at}/preview/page?lang=fi")
    assert "Löysitkö paikan?" in page.text
    assert ":has(" in page.text, "what hides a question whose condition does not hold"
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_what_is_downloaded_can_be_uploaded_again(staff: FlaskClient, journey: Journey, at: str):
    parking(staff, at)
    titled(staff, at)
    packed = staff.get(f"{at}/download.zip").data
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        named = {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}
    definition = named.pop("instrument.toml")
    assert parse(definition, named).wording("fi").items["why"] == "Mikä esti?"
    again = staff.post(
        f"/journeys/{journey.id}/questionnaires/new",
        data={
            "title": "Copy",
            "origin": "files",
            "language": "en",
            "files": [(io.BytesIO(packed), "p.zip")],
        },
    )
    assert again.status_code == 303, again.text
    assert "Did you find a space?" in staff.get(again.location).text
    wrong = staff.post(
        f"/journeys/{journey.id}/questionnaires/new",
        data={
            "title": "Copy",
            "origin": "files",
            "language": "en",
            "files": [(io.BytesIO(b"code = 1"), "instrument.toml")],
        },
    )
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("instrument.toml", b"#" * 9_000_000)
    for content, said in ((bomb.getvalue(), "more than 8,000,000"), (b"PK", "cannot be unpacked")):
        data = {"title": "Copy", "origin": "files", "language": "en"}
        refused = staff.post(
            f"/journeys/{journey.id}/questionnaires/new",
            data={**data, "files": [(io.BytesIO(content), "p.zip")]},
        )
        assert refused.status_code == 422
        assert said in refused.text
    assert wrong.status_code == 422
    assert "is missing; give a text in quotes" in wrong.text


def test_a_copy_keeps_licence_note_and_the_wording_that_is_locked(
    staff: FlaskClient, installation: Installation, journey: Journey
):
    sent = staff.post(
        f"/journeys/{journey.id}/questionnaires/new",
        data={"title": "NPS and more", "origin": "nps", "language": "en"},
    )
    at = sent.location
    assert "Made from <bdi>nps 1</bdi>" in staff.get(at).text
    place = f"{at}/questions/1"
    page = staff.get(place).text
    assert "in other words it compares with no other NPS" in page
    assert 'name="text-en"' not in page
    edit(staff, place, required="")
    forced = staff.post(place, data={**filled(staff, place), "text-en": "Would you recommend us?"})
    assert forced.status_code == 422
    assert "The wording of nps is locked" in forced.text
    other = staff.post(f"{at}/general", data={**filled(staff, f"{at}/general"), "licence": "Mine"})
    assert "belongs to nps 1" in other.text
    noted = staff.post(f"{at}/general", data={**filled(staff, f"{at}/general"), "note": "None."})
    assert "must stay" in noted.text
    edit(staff, f"{at}/questions/2", **{"text-en": "Why?"})
    definition = draft_in(stored(installation, at)).document.definition
    assert "trade marks" in definition["note"]


def test_scales_and_languages_are_added_on_pages(
    staff: FlaskClient, installation: Installation, at: str
):
    staff.post(f"{at}/languages", data={"language": "sv"})
    add(staff, at, ItemKind.RATING, code="clean", scale="satisfied5")
    draft = draft_in(stored(installation, at))
    assert draft.document.texts["sv"]["labels"]["satisfied5"]["5"]
    sent = staff.post(f"{at}/scales", data={"code": "often3", "minimum": "1", "maximum": "3"})
    edit(staff, sent.location, **{"label-1-en": "Never", "label-3-en": "Always"})
    edit(staff, f"{at}/questions/1", scale="often3")
    assert "1 Never to 3 Always" in staff.get(at).text
    assert "Label often3, point 3 (fi): must not be empty" in staff.get(at).text
    refused = staff.post(f"{at}/scales", data={"code": "often3", "minimum": "1", "maximum": "1"})
    assert refused.status_code == 422
    staff.post(
        f"{at}/languages/remove",
        data={**shown(staff, f"{at}/general", "/languages/remove"), "wording": "sv"},
    )
    assert "sv" not in draft_in(stored(installation, at)).document.texts


def test_a_sectors_template_ticks_its_questionnaires_and_brings_its_own_questions(
    staff: FlaskClient, installation: Installation, journey: Journey
):
    new = f"/journeys/{journey.id}/surveys/new"
    page = fromstring(staff.get(f"{new}?sector=public-service&set=2").text)
    ticked = page.xpath("//input[@name='ask'][@checked]/@value")
    assert sorted(ticked) == ["ces", "effort-causes"]
    [more] = page.xpath("//details[.//input[@value='nps']]")
    assert "Nobody chooses between authorities" in more.text_content()
    assert not more.xpath(".//input[@value='csat']")
    assert staff.get(f"{new}?sector=bakery").status_code == 422
    begun = f"/journeys/{journey.id}/questionnaires/new?sector=bank"
    at = staff.post(begun, data=filled(staff, begun)).location
    assert "to mend" not in staff.get(at).text
    assert draft_in(stored(installation, at)).question(1).code == "in_time"
