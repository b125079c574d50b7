"""The page on which a map is drawn: each change saved by itself, two people at once, without a script."""

from __future__ import annotations

import io
from collections.abc import Callable
from time import process_time

import pdfplumber
import pytest
from flask.testing import FlaskClient
from lxml.html import fromstring

from surveyapp.installation import Installation
from surveyapp.journeys import actions, queries
from surveyapp.journeys.map_texts import assumed_feelings
from surveyapp.store.models import MapCell, Opportunity, PainPoint, Stage, Touchpoint, User
from tests.web.world import add_user

SignIn = Callable[[User], FlaskClient]
JSON = {"Accept": "application/json"}


@pytest.fixture
def drawn(installation: Installation) -> tuple[User, int, list[int], list[int]]:
    """Who drew a journey of two stages and three touchpoints, and the numbers of all of them."""
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
        journey = actions.create_journey(session, name="Visit", provider="Clinic", user_id=user.id)
        stages = [
            actions.add_stage(session, journey, name=name, user_id=user.id)
            for name in ("Arrive", "Leave")
        ]
        points = [
            actions.add_touchpoint(session, stages[at], name=name, user_id=user.id)
            for at, name in ((0, "Desk"), (0, "Wait"), (1, "Bill"))
        ]
        return user, journey.id, [each.id for each in stages], [each.id for each in points]


def names(installation: Installation, journey_id: int) -> list[list[str]]:
    """The stages with their touchpoints, by name."""
    with installation.store.reading() as session:
        journey = queries.journey(session, journey_id)
        return [[each.name, *(p.name for p in each.touchpoints)] for each in journey.stages]


def test_a_cell_is_saved_by_itself_undone_and_done_again(installation, drawn, sign_in):
    user, journey_id, (stage, _), _ = drawn
    client, base = sign_in(user), f"/journeys/{journey_id}/journey-map"
    sent = {"do": "set", "of": "stage", "id": stage, "field": "actions", "before": ""}
    began = process_time()  # of the server's work: others' does not count
    told = client.post(
        f"{base}/changes", data=sent | {"text": " Asks\r\nwhere "}, headers=JSON
    ).json
    assert process_time() - began < 0.2
    assert told["text"] == "Asks\nwhere" and told["undo"] == "Customer actions: Asks where"
    assert told["redo"] == "" and told["before"] != told["seen"]
    assert "Asks\nwhere</textarea>" in client.get(base).text
    told = client.post(f"{base}/undo", headers=JSON).json
    assert "Asks" not in told["grid"] and (told["undo"], told["redo"]) == (
        "",
        "Customer actions: Asks where",
    )
    told = client.post(f"{base}/redo", headers=JSON).json
    assert "Asks\nwhere</textarea>" in told["grid"] and told["redo"] == ""
    assert client.post(f"{base}/redo", headers=JSON).status_code == 409


def test_two_people_in_one_cell_both_see_both_versions_and_nothing_is_overwritten(
    installation, drawn, sign_in
):
    user, journey_id, _, (desk, *_) = drawn
    with installation.store.writing() as session:
        other = add_user(session, "administrator", name="Berta Brun")
    base = f"/journeys/{journey_id}/journey-map"
    sent = {"do": "set", "of": "touchpoint", "id": desk, "field": "backstage", "before": ""}
    theirs = sign_in(other).post(f"{base}/changes", data=sent | {"text": "Theirs"}, headers=JSON)
    assert theirs.status_code == 200
    client = sign_in(user)
    answer = client.post(f"{base}/changes", data=sent | {"text": "Mine"}, headers=JSON)
    assert answer.status_code == 409
    told = answer.json
    assert (told["theirs"], told["mine"], told["by"]) == ("Theirs", "Mine", "Berta Brun")
    with installation.store.reading() as session:
        assert queries.touchpoint(session, journey_id, desk).backstage == "Theirs"
    chosen = sent | {"before": "Theirs", "text": "Mine"}
    assert client.post(f"{base}/changes", data=chosen, headers=JSON).status_code == 200
    undone = sign_in(other).post(f"{base}/undo", headers=JSON)
    assert undone.status_code == 409 and undone.json["theirs"] == "Mine"


def test_without_a_script_a_column_is_one_form_and_every_step_a_button(
    installation, drawn, sign_in
):
    user, journey_id, (first, _), (desk, wait, _) = drawn
    client, base = sign_in(user), f"/journeys/{journey_id}/journey-map"
    page = fromstring(client.get(base).text)
    (form,) = page.xpath(f"//form[@id='column-{first}']")
    typed = {
        each.get("name"): each.get("value") or (each.text or "").removeprefix("\n")
        for each in page.xpath(f"//*[@form='column-{first}' and @name and not(@type='checkbox')]")
        if each.tag != "select"
    }
    hidden = dict(form.form_values())
    typed |= {f"touchpoint-{desk}-channel": "Desk", f"stage-{first}-thoughts": "Where to?"}
    typed |= {f"touchpoint-{p}-ownership": "provider" for p in (desk, wait)}
    typed |= {f"touchpoint-{desk}-moment_of_truth": "y", f"stage-{first}-assumed_feeling": "-1"}
    assert client.post(form.action, data=hidden | typed).status_code == 303
    page = client.get(base).text
    assert "Where to?" in page
    with installation.store.reading() as session:
        point = queries.touchpoint(session, journey_id, desk)
        assert (point.channel, point.moment_of_truth) == ("Desk", True)
        assert assumed_feelings(session, journey_id) == ({first: -1}, {})
    again = client.post(form.action, data=hidden | typed | {f"stage-{first}-thoughts": "Mine"})
    assert again.status_code == 409 and "Where to?" in again.text and "Mine" in again.text

    def press(label: str, **more: str) -> None:
        (button,) = fromstring(client.get(base).text).xpath(f"//button[@aria-label='{label}']")
        (there,) = button.iterancestors("form")
        assert client.post(there.action, data=dict(there.form_values()) | more).status_code == 303

    press("Move Wait later")
    assert names(installation, journey_id) == [["Arrive", "Desk"], ["Leave", "Wait", "Bill"]]
    press("Insert a stage before Leave")
    press("Add touchpoint to New stage", text="Scan")
    press("Move Leave earlier")
    press("Add lane", text="Risks")
    press("Remove Desk")
    assert names(installation, journey_id) == [
        ["Arrive"], ["Leave", "Wait", "Bill"], ["New stage", "Scan"],
    ]  # fmt: skip
    client.post(f"{base}/undo")
    assert names(installation, journey_id)[0] == ["Arrive", "Desk"]
    with installation.store.reading() as session:
        assert queries.touchpoint(session, journey_id, desk).channel == "Desk"
    assert ">Undo" in client.get(base).text


def test_who_may_only_read_sees_the_map_and_changes_nothing(installation, drawn, sign_in):
    _, journey_id, (stage, _), _ = drawn
    with installation.store.writing() as session:
        reader = add_user(session, "manager")
    client, base = sign_in(reader), f"/journeys/{journey_id}/journey-map"
    page = client.get(base).text
    assert "Desk" in page and "<textarea" not in page and "journey_map.js" not in page
    sent = {"do": "set", "of": "stage", "id": stage, "field": "actions", "text": "x"}
    assert client.post(f"{base}/changes", data=sent, headers=JSON).status_code == 403
    assert client.post(f"{base}/undo", headers=JSON).status_code == 403


def test_what_is_no_change_of_a_map_is_refused(drawn, sign_in):
    user, journey_id, (stage, _), (desk, *_) = drawn
    client, base = sign_in(user), f"/journeys/{journey_id}/journey-map"
    for sent in (
        {"do": "drop", "of": "stage"},
        {"do": "set", "of": "stage", "id": "x"},
        {"do": "set", "of": "stage", "field": "code", "text": "x"},
        {"do": "set", "of": "touchpoint", "field": "assumed_feeling", "text": "9"},
        {"do": "set", "of": "touchpoint", "field": "partner", "text": "Lab"},
        {"do": "set", "of": "stage", "field": "name", "text": ""},
        {"do": "set", "of": "stage", "field": "actions", "text": "x" * 5001},
        {"do": "add", "of": "lane", "text": ""},
        {"do": "add", "of": "lane", "colour": "red"},
    ):
        known = {"id": desk if sent["of"] == "touchpoint" else stage}
        answer = client.post(f"{base}/changes", data=known | sent, headers=JSON)
        assert answer.status_code == 422 and answer.json["detail"], sent
    (undo,) = fromstring(client.get(base).text).xpath("//button[@data-undo]")
    assert undo.get("disabled") is not None


def test_a_map_is_printed_presented_and_shared_as_it_is_drawn(installation, drawn, sign_in):
    user, journey_id, (stage, _), _ = drawn
    client, base = sign_in(user), f"/journeys/{journey_id}/journey-map"
    sent = {"do": "set", "of": "stage", "id": stage, "field": "evidence"}
    client.post(f"{base}/changes", data=sent | {"text": "Visit https://clinic.example/v"})
    assert 'href="https://clinic.example/v"' in client.get(base).text
    presented = client.get(f"{base}/present").text
    assert "Desk" in presented and "<textarea" not in presented and "zoom-150" in presented
    with pdfplumber.open(io.BytesIO(client.get(f"{base}/sheet.pdf").data)) as pdf:
        (page,) = pdf.pages
        assert (page.width, page.height) == pytest.approx((1190.55, 841.89), abs=0.1)
        assert "Desk" in page.extract_text()
    with pdfplumber.open(io.BytesIO(client.get(f"{base}/sheet.pdf?paper=a2").data)) as pdf:
        assert pdf.pages[0].width == pytest.approx(1683.78, abs=0.1)
    assert client.get(f"{base}/sheet.svg").data[:4] == b"<svg"
    assert client.get(f"{base}/sheet.png").data[1:4] == b"PNG"
    assert client.get(f"{base}/sheet.gif").status_code == 422
    wanted = {"purpose": "Board", "days": "7", "of": base}
    made = client.post(f"/journeys/{journey_id}/share-links/new", data=wanted).text
    (address,) = fromstring(made).xpath("//input[contains(@value, '/shared/')]/@value")
    shared = sign_in(user).get("/shared/" + address.rpartition("/")[2])
    assert shared.status_code == 200
    assert "Desk" in shared.text and "<a " not in shared.text and "<script" not in shared.text


def test_pain_points_and_opportunities_stand_in_their_lanes(installation, drawn, sign_in):
    user, journey_id, (stage, other), (desk, *_) = drawn
    with installation.store.writing() as session:
        session.add(PainPoint(journey_id=journey_id, title="No sign", touchpoint_id=desk))
        session.add(PainPoint(journey_id=journey_id, title="Gone", stage_id=stage, state="solved"))
        chance = {"title": "Text the bill", "stage_id": other, "effort": 1, "impact": 4}
        session.add(Opportunity(journey_id=journey_id, **chance))
    page = fromstring(sign_in(user).get(f"/journeys/{journey_id}/journey-map").text)
    lanes = {
        code: [
            " ".join(cell.text_content().split())
            for cell in page.xpath(f"//tr[contains(@class, 'lane-{code}')]/td")
        ]
        for code in ("pain_points", "opportunities")
    }
    assert lanes["pain_points"][:2] == ["No sign Desk", ""]
    assert lanes["opportunities"][:2] == ["", "Text the bill open"]


def test_a_kind_of_journey_decides_its_first_lanes_and_stages(installation, drawn, sign_in):
    user, journey_id, _, _ = drawn
    client = sign_in(user)
    said = {"name": "A day", "provider": "Clinic", "state": "current", "kind": "day"}
    made = client.post("/journeys/new", data=said)
    number = int(made.location.split("/")[2])
    page = client.get(f"/journeys/{number}/journey-map").text
    assert "Day in the life" in page and page.index("Early morning") < page.index("Night")
    lanes = "//tr[contains(@class, 'lane ')]/th[@class='map-lane']"

    def titles() -> list[str]:
        tree = fromstring(client.get(f"/journeys/{journey_id}/journey-map").text)
        return [each.text_content().strip() for each in tree.xpath(lanes)]

    assert titles()[0] == "Customer goals"
    form = {"name": "Visit", "provider": "Clinic", "state": "current"}
    edit = f"/journeys/{journey_id}/edit"
    assert client.post(edit, data=form | {"kind": "poster"}).status_code == 422
    assert client.post(edit, data=form | {"kind": "blueprint"}).status_code == 303
    found = titles()
    assert found[2:6] == ["Customer actions", "Front stage", "Backstage", "Support systems"]
    assert "Customer goals" in found[6:]
    assert client.post(edit, data=form).status_code == 303  # says nothing of the kind
    assert titles() == found
    assert client.get(f"/journeys/{journey_id}/journey-map.json").json["kind"] == "blueprint"


def test_a_map_written_from_the_right_runs_from_there(installation, drawn, sign_in):
    user, journey_id, stages, points = drawn
    client, base = sign_in(user), f"/journeys/{journey_id}/journey-map"
    assert 'dir="rtl"' not in client.get(base).text
    with installation.store.writing() as session:
        for table, numbers in ((Stage, stages), (Touchpoint, points)):
            for number in numbers:
                session.get_one(table, number).name = "\u0645\u0643\u062a\u0628"
        cells = {"journey_id": journey_id, "lane": "assumed_feeling", "text": "1"}
        session.add_all([MapCell(touchpoint_id=number, **cells) for number in points])
    page = fromstring(client.get(base).text)
    (scroll,) = page.xpath("//div[contains(@class, 'map-scroll')]")
    assert scroll.get("dir") == "rtl"
    assert (
        page.xpath(
            "//button[starts-with(@aria-label, 'Move') and contains(@aria-label, 'earlier')]"
        )[0].text
        == "\u2192"
    )
    drawn_at = [each.get("d") for each in page.xpath("//*[@class='assumed']")]
    places = [float(each[1:].split()[0]) for each in drawn_at]
    assert len(places) == len(points) and places == sorted(places, reverse=True)
