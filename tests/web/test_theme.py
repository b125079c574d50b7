"""Look and logic: staff change the page, every fault stands beside its field, nothing half-saved."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.columns import utc_now
from surveyapp.store.models import AuditEntry, File, Invitation, SurveyRow
from surveyapp.surveys import drafts
from surveyapp.surveys.links import Ticket
from tests.surveys.test_logos import png
from tests.web.respondents import opened, parsed


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 200)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#336699").save(out, kind)
    return out.getvalue()


@pytest.fixture
def client(world, sign_in) -> FlaskClient:
    return sign_in(world.users["researcher"])


@pytest.fixture
def url(world) -> str:
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}/theme"


def filled(**changes: Any) -> dict[str, Any]:
    return {
        "colour": "#ffcc00",
        "name": "Northbank Plus",
        "introduction": "Hello {attribute:first_name|there}",
        "paging": "blocks",
        "attention_after": "",
        "show_if-0-item": "nps-nps_reason",
        "show_if-0-when": "nps-nps",
        "show_if-0-sign": "<=",
        "show_if-0-value": "6",
        "quotas-0-segment": "",
        "quotas-0-most": "",
        **changes,
    }


def survey(installation: Installation, world) -> SurveyRow:
    with installation.store.reading() as session:
        return session.get_one(SurveyRow, world.here.survey_id)


def test_everything_that_is_chosen_shows_on_the_page_at_once(client, url, installation, world):
    changes = {"logo": (BytesIO(picture()), "logo.png"), "not_applicable": ["nps-nps"]}
    assert client.post(url, data=filled(**changes, auto_advance="y")).status_code == 303
    made = survey(installation, world)
    assert made.logic["show_if"] == [
        {"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}
    ]
    page = opened(client, f"/s/{made.link}")
    tags = parsed(page)
    assert tags.all("img")[0].attributes["alt"] == "Northbank Plus"
    assert "Hello there" in page
    assert "#q-nps-nps_reason{display:none}" in page
    assert "Does not apply to me" in page
    assert "data-advance" in page
    again = client.get(url).text
    assert "texts and lines are drawn in the darker #856a00." in again
    assert client.get(f"{url}/preview").status_code == 200
    with installation.store.reading() as session:
        changed = session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "change page")
        ).all()
    assert {name for detail in changed for name in detail} >= {"theme", "logic", "paging"}


def test_a_picture_of_absurd_dimensions_is_refused_beside_its_field(client, url, installation):
    pictures = select(File.id).where(File.media_type.startswith("image/"))
    with installation.store.reading() as session:
        before = session.scalars(pictures).all()  # those of the world's personas
    refused = client.post(url, data=filled(logo=(BytesIO(png(100_000, 100_000)), "logo.png")))
    assert refused.status_code == 422
    assert "more than 16 million pixels" in refused.text
    with installation.store.reading() as session:
        assert session.scalars(pictures).all() == before


def test_a_logo_is_served_as_pixels_that_can_be_kept(client, url, installation, world):
    client.post(url, data=filled(logo=(BytesIO(picture("JPEG")), "x.jpg")))
    link = survey(installation, world).link
    logo = client.get(f"/s/{link}/logo?v=1")
    assert (logo.status_code, logo.mimetype) == (200, "image/webp")
    assert logo.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in logo.headers["Cache-Control"]
    assert len(logo.data) <= 6 * 1024
    client.post(url, data=filled(remove_logo="y"))
    assert client.get(f"/s/{link}/logo").status_code == 404
    assert parsed(opened(client, f"/s/{link}")).all("img") == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            "cannot be read as an image",
        ),
        (b"", "cannot be read as an image"),
        (b"%PDF-1.4", "cannot be read as an image"),
        (picture()[:60], "cannot be read as an image"),
        (picture(size=(8, 8)), "8 by 8 pixels"),
        (picture(size=(5000, 4000)), "5000 by 4000 pixels"),
    ],
    ids=["svg", "empty", "pdf", "half", "small", "huge"],
)
def test_what_is_no_picture_is_refused_beside_its_field(client, url, installation, data, words):
    with installation.store.reading() as session:
        before = len(session.scalars(select(File)).all())
    sent = client.post(url, data=filled(logo=(BytesIO(data), "logo.png")))
    assert (sent.status_code, words in sent.text) == (422, True)
    with installation.store.reading() as session:
        assert len(session.scalars(select(File)).all()) == before


@pytest.mark.parametrize(
    ("changes", "control", "words"),
    [
        ({"colour": "yellowish"}, "colour", "not a colour"),
        ({"introduction": "{attribute:x}"}, "introduction", "has no text for when"),
        ({"show_if-0-value": "11"}, "show_if-0-value", "not an answer to nps-nps"),
        ({"show_if-0-item": "x"}, "show_if-0-value", "is not a question of this survey"),
        ({"attention_after": "nps-nps"}, "attention_choose", "not an answer to nps-nps"),
        ({"quotas-0-most": "0"}, "quotas-0-most", "at least 1"),
        ({"quotas-0-most": "5", "quotas-0-segment": "gone"}, "quotas-0-most", "no segment"),
        ({"name": "x" * 101}, "name", "100"),
        ({"paging": "pages"}, "paging", "valid choice"),
        ({"languages": ["tlh"]}, "languages", "valid"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_saved(
    client, url, installation, world, changes, control, words
):
    sent = client.post(url, data=filled(**changes))
    assert sent.status_code == 422
    assert f'href="#{control}"' in sent.text
    assert words in sent.text
    assert survey(installation, world).theme == survey(installation, world).logic == {}


def test_all_faults_are_told_at_once(client, url):
    wrong = {"colour": "?", "introduction": "{attribute:x}", "show_if-0-value": "11"}
    sent = client.post(url, data=filled(**wrong))
    for control in ("colour", "introduction", "show_if-0-value"):
        assert f'href="#{control}"' in sent.text


def test_quotas_say_how_far_they_are(client, url, installation, world):
    client.post(url, data=filled(**{"quotas-0-most": "40"}))
    assert "All customers: 1 of 40" in client.get(url).text


def test_a_preview_can_send_nothing(client, url):
    answered = client.get(f"{url}/preview")
    policy = answered.headers["Content-Security-Policy"]
    assert "form-action 'none'" in policy
    assert "connect-src 'none'" in policy


def test_unconfirmed_clicks_stand_apart_and_small_numbers_do_not(client, url, installation, world):
    overview = url.removesuffix("/theme")

    def click(count: int, value: str) -> None:
        with installation.store.writing() as session:
            for number in range(count):
                ticket = Ticket(f"{value} {number}")
                session.add(
                    Invitation(survey_id=world.here.survey_id, token_hash=ticket.token_hash)
                )
                session.flush()
                drafts.save(
                    session.connection(),
                    survey_id=world.here.survey_id,
                    ticket=ticket,
                    fields={drafts.PRESELECTED: [f"nps-nps:{value}"]},
                    unconfirmed=True,
                    now=utc_now(),
                )

    heading = "Clicked in an email but not submitted (not counted)"
    click(4, "9")
    assert heading not in client.get(overview).text
    click(1, "3")
    page = client.get(overview).text
    assert (heading in page, "5 clicks" in page, "9: 4" in page) == (True, True, False)
    click(5, "2")
    click(4, "4")
    assert "9: 4" not in client.get(overview).text
