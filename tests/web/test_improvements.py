"""Pages about what is to become better: on SQLite, as the pages do not differ by database."""

from __future__ import annotations

import html
import re
from io import BytesIO
from types import SimpleNamespace

import pytest
from lxml.html import fromstring
from PIL import Image
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.responses.sorting import sort_batch
from surveyapp.results.maps.persona_scores import StageEmotion
from surveyapp.store.columns import utc_now
from surveyapp.store.models import AuditEntry, Case, File, Response
from surveyapp.web.installation import EXTENSION
from surveyapp.web.persona_pictures import LARGEST, read_picture
from tests.web.test_changes import app, client, made
from tests.web.test_map_evidence import picture

__all__ = ["app", "client", "made"]
pytestmark = pytest.mark.xdist_group("improvements")


def test_a_manager_adds_judges_removes_and_restores_a_pain_point(client, made):
    base = f"/journeys/{made.journey}/pain-points"
    assert "No pain points here" in client.get(f"{base}?severity=abandons").text
    point = f"touchpoint-{made.touchpoints['id']}"
    filled = client.get(f"{base}/new?touchpoint={made.touchpoints['id']}&title=Slow <id>").text
    assert "Slow &lt;id&gt;" in filled and "Low answer:" in filled
    said = {
        "title": "Slow <id>",
        "severity": "abandons",
        "place": point,
        "affected": "low csat.csat",
    }
    wrong = client.post(f"{base}/new", data={**said, "title": " "})
    assert wrong.status_code == 422 and "Enter a title" in wrong.text
    page = client.post(f"{base}/new", data=said, follow_redirects=True).text
    assert "Slow &lt;id&gt; has been added." in page and "Customers give up" in page
    (listed,) = client.get(f"{base}.json?severity=abandons&state=open&period=all").json[
        "pain_points"
    ]
    assert (listed["touchpoint"], listed["severity"]) == ("id", "abandons")
    affected = listed["affected"]
    assert affected["n"] == 60 and affected["low"] < affected["percent"] < affected["high"]
    assert client.get(f"{base}.json?severity=trivial").json["pain_points"] == []
    assert client.get(f"{base}?severity=awful").status_code == 422
    address = f"{base}/{listed['id']}"
    assert f"n = {affected['n']}" in client.get(f"{base}?period=all").text
    missing = client.post(f"{address}/evidence", data={"kind": "case", "number": "99"})
    assert missing.status_code == 422 and "There is no case number 99" in missing.text
    alone = client.post(f"{address}/evidence", data={"kind": "response", "number": "1"})
    assert alone.status_code in (403, 422)  # a manager reads no single responses
    gone = client.post(f"{address}/remove", follow_redirects=True).text
    assert f'action="{address}/restore"' in gone
    back = client.post(f"{address}/restore", follow_redirects=True).text
    assert "Slow <id> has been restored." in html.unescape(back)


def test_a_chain_is_walked_from_the_pain_point_to_the_effect_and_back(client, made):
    base = f"/journeys/{made.journey}"
    place = f"touchpoint-{made.touchpoints['meet']}"

    def added(page: str, **said) -> int:
        client.post(f"{base}/{page}/new", data=said)
        return max(
            each["id"] for each in client.get(f"{base}/{page}.json").json[page.replace("-", "_")]
        )

    point = added("pain-points", title="No news <b>", place=place)
    assert "Add an insight" in client.get(f"{base}/improvements").text
    insight = added("insights", title="Silence hurts", pain_points=str(point))
    wrong = {"title": "Write", "effort": "9", "impact": "3"}
    assert client.post(f"{base}/opportunities/new", data=wrong).status_code == 422
    chance = added(
        "opportunities", title="Write weekly", effort="2", impact="5", insights=str(insight),
        place=place,
    )  # fmt: skip
    filled = client.get(f"{base}/action-plan/new?opportunity={chance}").text
    assert 'value="Write weekly"' in filled
    change = client.post(
        f"{base}/changes/new", data={"title": "Weekly mail", "started_on": "2026-03-01"}
    ).location.rpartition("/")[2]
    done = {"title": "Send it", "state": "done", "change_id": change, "opportunity_id": str(chance)}
    client.post(f"{base}/action-plan/new", data=done)
    chains = client.get(f"{base}/improvements.json").json["chains"]
    (chain,) = [each for each in chains if each["insight"] == insight]
    assert (chain["pain_points"], chain["opportunity"]) == ([point], chance)
    assert chain["change"] == int(change) and chain["effect"]
    action = chain["action"]
    assert chain["effect"] in html.unescape(client.get(f"{base}/action-plan/{action}").text)
    (told,) = client.get(f"{base}/changes/{change}.json").json["chains"]
    assert told == {name: chain[name] for name in told}
    for page in (
        "improvements", f"pain-points/{point}", f"insights/{insight}", f"opportunities/{chance}",
        f"action-plan/{action}", f"changes/{change}",
    ):  # fmt: skip
        said = html.unescape(client.get(f"{base}/{page}").text)
        for text in ("No news <b>", "Silence hurts", "Write weekly", "Send it", "Weekly mail"):
            assert f"<bdi>{text}</bdi></a>" in said, (page, text)
    listed = client.get(f"{base}/opportunities?state=todo").text
    assert 'class="matrix"' in listed and "Write weekly: effort 2, impact 5" in listed
    assert client.get(f"{base}/opportunities?state=never").status_code == 422
    gone = client.post(f"{base}/insights/{insight}/remove", follow_redirects=True).text
    assert f"/insights/{insight}/restore" in gone
    left = client.get(f"{base}/improvements.json").json["chains"]
    assert {"pain_points": [], "insight": None, "opportunity": chance}.items() <= next(
        each.items() for each in left if each["opportunity"] == chance
    )
    client.post(f"{base}/insights/{insight}/restore")
    client.post(f"{base}/opportunities/{chance}/remove")
    assert client.get(f"{base}/opportunities/{chance}").status_code == 404
    assert client.post(f"{base}/opportunities/{chance}/restore").status_code == 303


def test_what_another_page_names_is_put_on_a_chosen_pain_point(client, made, app):
    base = f"/journeys/{made.journey}/pain-points"
    choose = f"{base}/evidence"
    client.post(f"{base}/new", data={"title": "Chosen <b>", "place": ""})
    rows = client.get(f"{base}.json").json["pain_points"]
    (point,) = [each["id"] for each in rows if each["title"] == "Chosen <b>"]
    page = client.get(f"{choose}?kind=case&number=7").text
    assert "Case 7 becomes evidence" in page and "Chosen &lt;b&gt;" in page
    assert client.get(f"{choose}?kind=<b>&number=7").status_code == 422
    nothing = client.get(f"{choose}?number=7").text
    assert "Nothing is named" in nothing and "Add as evidence</button>" not in nothing
    sent = {"kind": "case", "number": "7", "item": "", "pain_point": str(point)}
    missing = client.post(choose, data=sent)
    assert missing.status_code == 422 and "There is no case number 7" in missing.text
    for bad in ({"number": "x"}, {"kind": "mood"}, {"pain_point": "0"}):
        assert client.post(choose, data={**sent, **bad}).status_code == 422
    with app.extensions[EXTENSION].store.writing() as session:
        response = session.scalars(select(Response).order_by(Response.id)).first()
        case = Case(
            survey_id=response.survey_id, response_id=response.id, scale="csat", value=1.0,
            due_at=utc_now(),
        )  # fmt: skip
        session.add(case)
        session.flush()
        number = str(case.id)
    link = f'href="{choose}?kind=case&number={number}"'
    assert link in html.unescape(client.get(f"/cases/{number}").text)
    for _ in range(2):  # a second time changes nothing
        done = client.post(choose, data={**sent, "number": number}, follow_redirects=True)
        assert done.status_code == 200 and done.text.count(f">Case {number}</a>") == 1


def test_the_expected_gain_of_a_driver_stands_beside_the_judgement(client, made):
    base = f"/journeys/{made.journey}/opportunities"
    offered = client.get(f"{base}/new").text
    values = re.findall(r'value="([^"]+)"', html.unescape(offered))
    driver = next(each for each in values if each.partition(".")[0] == "sjq")
    said = {"title": "Shorter queue", "effort": "1", "impact": "4", "driver": driver}
    assert client.post(f"{base}/new", data=said).status_code == 303
    rows = client.get(f"{base}.json?period=all").json["opportunities"]
    (gain,) = [each["gain"] for each in rows if each["title"] == "Shorter queue"]
    assert gain["low"] < gain["estimate"] < gain["high"] and gain["n"] >= 50
    page = client.get(f"{base}?period=all").text
    assert "per point of" in page and 'class="note"' in page


def test_a_persona_stands_beside_the_answers_of_its_segment(client, made, app):
    base = f"/journeys/{made.journey}/personas"
    with app.extensions[EXTENSION].store.writing() as session:
        segment, _ = create_segment(
            session, name="Everywhere", rule='region in (North, "South")', user_id=None
        )
        sort_batch(session, segment.id)
        number = segment.id
        stages = [stage.id for stage in queries.journey(session, made.journey).stages]
    assert "No personas yet" in client.get(base).text
    said = {"title": "Mika <b>", "goals": "Quick", "hears": "Friends", f"stage_{stages[0]}": "-2"}
    alone = client.post(f"{base}/new", data=said, follow_redirects=True).text
    assert "Mika &lt;b&gt; has been added." in alone and "everything here is assumed" in alone
    (listed,) = client.get(f"{base}.json").json["personas"]
    address = f"{base}/{listed['id']}"
    linked = client.post(f"{address}/edit", data={**said, "segment_id": str(number)})
    assert linked.status_code == 303
    found = client.get(f"{address}.json?period=all").json
    assert found["stages"][0]["assumed"] == -2 and found["stages"][1]["assumed"] is None
    page = client.get(f"{address}?period=all").text
    assert "Very bad" in page and "Everywhere" in page and 'class="emotions"' in page
    lines = f"/journeys/{made.journey}/emotion-lines"
    told = client.get(f"{lines}.json?period=all").json["lines"]
    assert [each["persona"] for each in told] == [None, "Mika <b>"]
    map_of = f"/journeys/{made.journey}/journey-map.json?period=all&segment={number}"
    score = told[0]["scale"]
    assert (
        told[1]["touchpoints"]
        == client.get(f"{map_of}&scale={score}").json["emotion_line"]["touchpoints"]
    )
    drawn = client.get(f"{lines}?period=all").text
    assert "Mika &lt;b&gt;" in drawn and '<g class="line-2">' in drawn and "n = " in drawn
    wrong = client.post(f"{address}/edit", data={**said, f"stage_{stages[0]}": "7"})
    assert wrong.status_code == 422
    gone = client.post(f"{address}/remove", follow_redirects=True).text
    assert f"{address}/restore" in gone
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/restore").status_code == 303


def test_the_picture_of_a_persona_is_drawn_anew_shown_and_gone_with_it(client, made, app):
    store = app.extensions[EXTENSION].store
    with store.writing() as session:
        segment, _ = create_segment(
            session, name="Pictured", rule='region in (North, "South")', user_id=None
        )
        sort_batch(session, segment.id)
        number = segment.id
    base = f"/journeys/{made.journey}"
    said = {"title": "Ada", "goals": "Quick", "segment_id": str(number)}
    address = client.post(f"{base}/personas/new", data=said).headers["Location"]
    pictured = address.replace("/personas/", "/persona-pictures/")
    assert client.get(f"{pictured}/file").status_code == 404

    def sent(data: bytes, alt: str = 'A "queue" <b>') -> tuple[int, str]:
        fields = {"alt": alt, "file": (BytesIO(data), "ada.png")}
        answer = client.post(pictured, data=fields, content_type="multipart/form-data")
        return answer.status_code, answer.text

    for data, alt, wrong in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Ada", "SVG is not accepted"),
        (b"%PDF-1.7", "Ada", "cannot be read as an image"),
        (picture(), " ", "Enter what the picture shows"),
    ):
        status, page = sent(data, alt)
        assert status == 422 and wrong in page, wrong
    with pytest.raises(Invalid, match="more than 10 MB"):
        read_picture(bytes(LARGEST + 1))
    assert "Add picture" in client.get(address).text
    assert (
        sent(picture("PNG"))[0] == sent(picture())[0] == 303
    )  # the second takes the first's place
    with store.reading() as session:
        assert session.query(File).filter(File.name.contains("persona")).count() == 1
        noted = select(AuditEntry.action).where(AuditEntry.action.contains("persona picture"))
        assert session.scalars(noted).all() == ["set persona picture"] * 2
    for path in ("personas", "emotion-lines?period=all", "workshop-kit", address):
        page = client.get(path if path == address else f"{base}/{path}").text
        (image,) = fromstring(page).xpath("//img[contains(@class, 'persona-picture')]")
        assert image.get("alt") == 'A "queue" <b>', path
    with client.get(image.get("src")) as shown:
        assert shown.mimetype == "image/webp"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert shown.headers["Content-Disposition"] == "inline"
        assert b"taken at home" not in shown.data
        assert Image.open(BytesIO(shown.data)).size == (640, 160)
    listed = client.get(f"{base}/personas.json").json["personas"]
    assert {each["name"]: each["picture"] for each in listed}["Ada"] == 'A "queue" <b>'
    assert client.post(f"{address}/remove").status_code == 303
    assert client.get(f"{pictured}/file").status_code == 404
    with store.reading() as session:
        assert session.query(File).filter(File.name.contains("persona")).count() == 0
    assert client.post(f"{address}/restore").status_code == 303
    assert "persona-picture " not in client.get(address).text
    assert sent(picture())[0] == client.post(f"{pictured}/remove").status_code == 303
    assert client.get(f"{pictured}/file").status_code == 404
    client.post(f"{address}/remove")


@pytest.mark.parametrize(
    ("assumed", "ends", "contradicted"),
    [
        (2, (20, 45), True),
        (1, (20, 55), False),
        (-1, (55, 80), True),
        (-2, (20, 45), False),
        (0, (1, 2), False),
        (None, (1, 2), False),
    ],
)
def test_an_assumed_feeling_is_contradicted_by_a_whole_interval(assumed, ends, contradicted):
    low, high = ends
    definition = SimpleNamespace(axis=(0.0, 100.0))
    figure = SimpleNamespace(low=low, high=high, definition=definition)
    assert StageEmotion(1, "Apply", assumed, figure).contradicted is contradicted
