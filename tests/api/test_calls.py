"""What other programs send is kept once, and what they read is what staff see, with the same limits."""

from __future__ import annotations

import tempfile
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.responses.corrections import correct
from surveyapp.responses.erasures import erase
from surveyapp.sampling.opt_outs import address_key, is_opted_out
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    AuditEntry,
    Contact,
    Interaction,
    Invitation,
    Journey,
    Report,
    Response,
    Stage,
    SurveyRow,
    Touchpoint,
)
from surveyapp.surveys.links import pseudonym
from tests.responses.makers import SECRET, as_survey
from tests.web.world import answer


def interaction(number: int = 1, **other: Any) -> dict[str, Any]:
    return {
        "journey": "open",
        "touchpoint": "form",
        "customer_ref": f"C-{number}",
        "at": "2026-03-29T14:05:00+03:00",
        "external_id": str(number),
        **other,
    }


def test_interactions_are_kept_once_however_often_they_are_sent(call, installation, world):
    batch = {"interactions": [interaction(n, email=f"c{n}@example.org") for n in range(3)]}
    assert call("POST", "/interactions", json=batch).json == {
        "stored": 3,
        "already": 0,
        "refused": [],
    }
    assert call("POST", "/interactions", json=batch).json["already"] == 3
    with installation.store.reading() as session:
        rows = session.scalars(select(Interaction)).all()
        assert {row.source for row in rows} == {"api"}
        assert rows[0].at == datetime(2026, 3, 29, 11, 5, tzinfo=UTC)
        assert not any("C-" in row.customer_ref for row in rows)
        assert session.scalar(select(func.count()).select_from(Contact)) == 3


def test_what_cannot_be_taken_is_listed_and_the_rest_is_kept(call, installation, world):
    batch = {"interactions": [interaction(1), interaction(2, touchpoint="nowhere"), interaction(3)]}
    answer = call("POST", "/interactions", json=batch)
    assert answer.status_code == 200
    assert (answer.json["stored"], len(answer.json["refused"])) == (2, 1)
    [refused] = answer.json["refused"]
    assert (refused["place"], refused["field"]) == (1, "touchpoint")
    assert "nowhere" in refused["reason"]


def test_a_batch_of_which_nothing_can_be_taken_is_a_problem_with_each_reason(call, world):
    batch = {"interactions": [interaction(1, at="yesterday"), interaction(2, journey="nope")]}
    answer = call("POST", "/interactions", json=batch)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json["errors"]] == [
        "interactions.0.at",
        "interactions.1.journey",
    ]


def test_a_field_that_nobody_knows_or_of_a_wrong_form_refuses_the_batch_by_name(
    call, installation, world
):
    for wrong, field in [
        ({"score": 5}, "interactions.1.score"),
        ({"decided_at": "2026-03-29"}, "interactions.1.decided_at"),
        ({"customer_ref": 5}, "interactions.1.customer_ref"),
        ({"customer_ref": "x" * 201}, "interactions.1.customer_ref"),
        ({"attributes": []}, "interactions.1.attributes"),
    ]:
        batch = {"interactions": [interaction(1), interaction(2, **wrong)]}
        answer = call("POST", "/interactions", json=batch)
        assert answer.status_code == 422, wrong
        assert [fault["field"] for fault in answer.json["errors"]] == [field]
        with installation.store.reading() as session:
            assert session.scalars(select(Interaction)).all() == []


def test_a_thousand_interactions_fit_into_one_request_and_no_more(call, world):
    batch = {"interactions": [interaction(n, email=f"c{n}@example.org") for n in range(1000)]}
    assert call("POST", "/interactions", json=batch).json["stored"] == 1000
    batch["interactions"].append(interaction(1000))
    assert call("POST", "/interactions", json=batch).status_code == 422


def test_surveys_are_listed_with_their_places_and_links(call, installation, world):
    listed = call("GET", "/surveys").json["surveys"]
    assert len(listed) == 2
    first = listed[0]
    assert (first["code"], first["journey"], first["touchpoint"], first["instruments"]) == (
        "after-the-form",
        "open",
        "apply/form",
        ["nps"],
    )
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        assert first["url"].endswith(f"/s/{survey.link}")
        survey.open_link = False
        survey.languages = ["fi", "ar"]
    changed = call("GET", "/surveys").json["surveys"][0]
    assert (changed["url"], changed["languages"]) == (None, ["en", "fi", "ar"])
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        survey.asks = [{**survey.asks[0], "instrument": "gone"}]
    assert call("GET", "/surveys").json["surveys"][0]["languages"] == ["en"]


def test_links_are_made_for_customers_and_open_the_survey(app, call, installation, world):
    asked = {
        "survey": "after-the-form",
        "customers": [{"customer_ref": "C-1", "attributes": {"region": "North"}}, {}],
        "expires_at": "2099-01-01T00:00:00Z",
    }
    answer = call("POST", "/invitations", json=asked)
    assert answer.status_code == 201
    made = answer.json["invitations"]
    assert [each["customer_ref"] for each in made] == ["C-1", None]
    path = made[0]["url"].removeprefix(installation.settings.base_url)
    assert app.test_client().get(path).status_code == 200
    with installation.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Invitation)) == 2
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "invite by API key")
        ).one()
        assert entry.subject == "API key Branches"


def test_links_that_cannot_be_made_are_refused_all_together(call, installation, world):
    for wrong, status, field in [
        ({"survey": "nope"}, 404, None),
        ({"survey": "no code"}, 422, "survey"),
        ({"survey": "\x00"}, 422, "survey"),
        ({"customers": []}, 422, "customers"),
        (
            {"customers": [{"customer_ref": "1"}, {"customer_ref": "1"}]},
            422,
            "customers.1.customer_ref",
        ),
        ({"customers": [{"name": "Ada"}]}, 422, "customers.0.name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, 422, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, 422, "expires_at"),
        ({"state": "completed"}, 422, "state"),
    ]:
        asked = {"survey": "after-the-form", "customers": [{"customer_ref": "C-1"}], **wrong}
        answer = call("POST", "/invitations", json=asked)
        assert answer.status_code == status, wrong
        assert [fault["field"] for fault in answer.json.get("errors", [])] == (
            [field] if field else []
        )
        with installation.store.reading() as session:
            assert session.scalars(select(Invitation)).all() == []


def test_a_customer_who_opted_out_is_known_by_hashes_only(call, installation, world):
    sent = {"opt_outs": [{"customer_ref": "C-1"}, {"email": "Ada@Example.org"}]}
    assert call("POST", "/opt-outs", json=sent).json == {"added": 2}
    assert call("POST", "/opt-outs", json=sent).json == {"added": 0}
    secret = installation.secret_key
    with installation.store.reading() as session:
        assert is_opted_out(session, [pseudonym(secret, "C-1")])
        assert is_opted_out(session, [address_key(secret, "ada@example.org")])


def test_an_address_that_bounced_is_noted_once_and_what_is_none_is_listed(
    call, installation, world
):
    call("POST", "/interactions", json={"interactions": [interaction(1, email="c1@example.org")]})
    sent = {
        "bounces": [
            {
                "email": "C1@example.org",
                "reason": "550 no such\nuser",
                "at": "2026-03-29T00:00:00Z",
            },
            {"email": "nobody@example.org"},
            {"email": "no address"},
        ]
    }
    first, again = (call("POST", "/bounces", json=sent).json for _ in range(2))
    assert (first["noted"], first["already"], first["unknown"]) == (1, 0, 1)
    assert (again["noted"], again["already"], again["unknown"]) == (0, 1, 1)
    assert [fault["field"] for fault in first["refused"]] == ["bounces.2.email"]
    with installation.store.reading() as session:
        contact = session.scalars(select(Contact)).one()
        assert contact.bounce_reason == "550 no such user"
        assert contact.bounced_at == datetime(2026, 3, 29, tzinfo=UTC)


def test_an_opt_out_that_names_nobody_is_refused(call, world):
    for wrong, field in [
        ({}, "opt_outs.0"),
        ({"email": "nobody"}, "opt_outs.0.email"),
        ({"customer_ref": " "}, "opt_outs.0.customer_ref"),
        ({"source": "staff"}, "opt_outs.0.source"),
    ]:
        answer = call("POST", "/opt-outs", json={"opt_outs": [wrong]})
        assert answer.status_code == 422, wrong
        assert answer.json["errors"][0]["field"] == field


def fill(installation, world, count: int, *, days_ago: int = 1, anonymous: bool = False) -> None:
    moment = utc_now() - timedelta(days=days_ago)
    if anonymous:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        if anonymous:
            survey.anonymity = "anonymous"
        for n in range(count):
            number = answer(session, survey, nps=n % 11, reason=f"Reason {n}", attributes={})
            session.get_one(Response, number).submitted_at = moment


def test_responses_are_read_page_by_page_each_once(call, installation, world):
    fill(installation, world, 7)
    path, seen, after = "/responses?survey=after-the-form&limit=3", [], ""
    while True:
        page = call("GET", path + after).json
        if not page["responses"]:
            break
        seen += page["responses"]
        after = f"&after={page['next']}"
    numbers = [each["response"] for each in seen]
    assert len(numbers) == len(set(numbers)) == 8
    assert seen[1]["answers"] == {"nps": {"nps": 0, "nps_reason": "Reason 0"}}
    assert seen[1]["scores"] == {"nps": 0.0}
    fill(installation, world, 1)
    assert len(call("GET", path + after).json["responses"]) == 1


def test_responses_carry_a_pseudonym_and_no_reference_or_address(call, installation, world):
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        number = answer(session, survey, customer_ref=pseudonym(installation.secret_key, "C-1"))
        session.get_one(Response, number).submitted_at = utc_now() - timedelta(days=1)
    page = call("GET", "/responses?survey=after-the-form").json
    assert page["responses"][-1]["customer"] == pseudonym(installation.secret_key, "C-1")
    assert "C-1" not in str(page)
    with installation.store.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "read responses by API key")
        ).one()
        assert entry.detail == {"survey": "after-the-form", "responses": 2}


def empty(installation, world) -> None:
    with installation.store.writing() as session:
        session.delete(session.get_one(Response, world.here.response_id))


def test_an_anonymous_page_is_whole_days_that_are_over_and_never_a_small_group(
    call, installation, world
):
    path = "/responses?survey=after-the-form&limit=10"
    empty(installation, world)
    fill(installation, world, 2, days_ago=5, anonymous=True)
    fill(installation, world, 9, days_ago=0, anonymous=True)
    assert call("GET", path).json["responses"] == []  # two that are over, nine of today
    fill(installation, world, 4, days_ago=4, anonymous=True)
    fill(installation, world, 6, days_ago=3, anonymous=True)
    fill(installation, world, 3, days_ago=2, anonymous=True)
    page = call("GET", path).json
    days = [(utc_now() - timedelta(days=n)).date().isoformat() for n in (5, 4, 3, 2)]
    assert (len(page["responses"]), page["first_day"], page["last_day"]) == (6, days[0], days[1])
    assert set(page["responses"][0]) == {"language", "answers", "scores", "careless"}
    rest = call("GET", f"{path}&after={page['next']}").json
    # The three of the last day join the six: on a page of their own they would be too few.
    assert (len(rest["responses"]), rest["first_day"], rest["last_day"]) == (9, days[2], days[3])
    last = call("GET", f"{path}&after={rest['next']}").json
    assert (last["responses"], last["next"]) == ([], rest["next"])


def test_changed_responses_are_a_list_of_their_own_in_the_order_of_their_change(
    call, installation, world
):
    fill(installation, world, 5)
    path = "/responses?survey=after-the-form&corrected=true&limit=2"
    empty_page = call("GET", path).json
    assert (empty_page["responses"], empty_page["next"]) == ([], None)

    def change(*numbers: int) -> None:
        raw = {"nps": {"nps": "4", "nps_reason": ""}}
        for number in numbers:
            with installation.store.writing() as session:
                survey = session.get_one(SurveyRow, world.here.survey_id)
                correct(
                    session,
                    as_survey(session, survey),
                    number,
                    raw,
                    now=utc_now(),
                    library=BUILT_IN,
                )

    with installation.store.reading() as session:
        own = Response.survey_id == world.here.survey_id
        numbers = list(session.scalars(select(Response.id).where(own).order_by(Response.id)))
    change(numbers[1], numbers[2], numbers[3], numbers[0])
    first = call("GET", path).json
    assert [each["response"] for each in first["responses"]] == numbers[1:3]
    assert all(each["corrected_at"] for each in first["responses"])
    second = call("GET", f"{path}&after={first['next']}").json
    assert [each["response"] for each in second["responses"]] == [numbers[3], numbers[0]]
    last = call("GET", f"{path}&after={second['next']}").json
    assert (last["responses"], last["next"]) == ([], second["next"])
    change(numbers[1])  # changed once more: it comes once more
    again = call("GET", f"{path}&after={second['next']}").json
    assert [each["response"] for each in again["responses"]] == [numbers[1]]
    with (
        installation.store.writing() as session
    ):  # what was corrected before may not be told of now
        session.get_one(SurveyRow, world.here.survey_id).anonymity = "anonymous"
    assert call("GET", path).json["responses"] == []


def test_erased_responses_are_named_once_each_in_the_order_of_their_erasure(
    call, installation, world
):
    """A program without webhooks stays equal: what it has and should not have, it can drop."""
    fill(installation, world, 5)
    path = "/erasures?survey=after-the-form&limit=2"
    assert call("GET", path).json == {"erasures": [], "next": None}
    copy = {
        each["response_id"]: each["response"]
        for each in call("GET", "/responses?survey=after-the-form").json["responses"]
    }
    numbers = list(copy.values())
    gone = [numbers[3], numbers[0], numbers[4]]
    for number in gone:
        with installation.store.writing() as session:
            erase(
                session,
                session.get_one(SurveyRow, world.here.survey_id),
                number,
                now=utc_now(),
                secret_key=SECRET,
            )
    first = call("GET", path).json
    second = call("GET", f"{path}&after={first['next']}").json
    told = [*first["erasures"], *second["erasures"]]
    assert [each["response"] for each in told] == gone
    assert [copy.pop(each["response_id"]) for each in told] == gone
    left = call("GET", "/responses?survey=after-the-form").json["responses"]
    assert sorted(copy.values()) == sorted(each["response"] for each in left)
    assert call("GET", f"{path}&after={second['next']}").json["erasures"] == []
    for after in ("5", "c5", "e0"):
        assert call("GET", f"{path}&after={after}").status_code == 422
    with installation.store.writing() as session:
        session.get_one(SurveyRow, world.here.survey_id).anonymity = "anonymous"
    assert call("GET", path).json["erasures"] == []


def test_a_query_that_cannot_be_is_refused_by_name(call, world):
    for query, field in [
        ("", "survey"),
        ("survey=after-the-form&after=abc", "after"),
        ("survey=after-the-form&after=-1", "after"),
        ("survey=after-the-form&after=99999999999999999999", "after"),
        ("survey=after-the-form&limit=0", "limit"),
        ("survey=after-the-form&limit=501", "limit"),
        ("survey=after-the-form&order=desc", "order"),
        ("survey=after-the-form&corrected=maybe", "corrected"),
        ("survey=%00", "survey"),
    ]:
        answer = call("GET", f"/responses?{query}")
        assert answer.status_code == 422, query
        assert [fault["field"] for fault in answer.json["errors"]] == [field]


def test_a_place_in_an_anonymous_list_is_a_day(call, installation, world):
    for after in ["5", "2026-02-30", "1999-01-01"]:
        fill(installation, world, 1, anonymous=True)
        answer = call("GET", f"/responses?survey=after-the-form&after={after}")
        assert answer.status_code == 422, after


def test_results_are_the_pages_numbers_with_small_groups_hidden(call, installation, world):
    before = call("GET", "/journeys/open/results").json
    point = before["stages"][0]["touchpoints"][0]["figures"][0]
    assert (point["hidden"], point["n"], point["estimate"]) == ("few", None, None)
    fill(installation, world, 20)
    after = call("GET", "/journeys/open/results").json
    point = after["stages"][0]["touchpoints"][0]["figures"][0]
    assert (point["hidden"], point["n"]) == ("", 21)
    assert point["low"] <= point["estimate"] <= point["high"]
    assert after["minimum_cell"] == installation.settings.minimum_cell


def test_a_target_state_names_the_journey_that_the_key_may_read(call, installation, world):
    with installation.store.writing() as session:
        here = session.get_one(Journey, world.here.journey_id)
        here.kind, here.state, here.target_of_id = "day", "target", world.there.journey_id
        current = session.get_one(Journey, world.there.journey_id).code
        _, confined = api_keys.make(
            session, name="One", scopes=[KeyScope.READ_RESULTS], journey_id=here.id, user_id=None
        )
    for key, of in (({}, current), ({"key": confined}, None)):
        told = call("GET", "/journeys/open/results", **key).json
        assert (told["kind"], told["target_of"]) == ("day", of)
        listed = call("GET", "/portfolio", **key).json["journeys"]
        (line,) = [each for each in listed if each["code"] == "open"]
        assert (line["kind"], line["target_of"]) == ("day", of)


def test_answers_and_the_funnel_are_told_with_small_groups_hidden(call, installation, world):
    here = world.here
    with installation.store.reading() as session:
        stage = session.get_one(Stage, here.stage_id).code
        point = session.get_one(Touchpoint, here.touchpoint_id).code
    path = f"/journeys/open/answers?touchpoint={stage}/{point}"
    (question, *_) = call("GET", path).json["questions"]
    assert (question["hidden"], question["n"], question["answers"]) == ("few", None, [])
    fill(installation, world, 20)
    (question, *_) = call("GET", path).json["questions"]
    assert question["n"] == 21 == sum(part["n"] for part in question["answers"])
    assert sum(part["percent"] for part in question["answers"]) == 100
    met = [interaction(number) for number in range(7)]
    assert call("POST", "/interactions", json={"interactions": met}).status_code == 200
    told = call("GET", "/journeys/open/funnel?days=3").json
    assert told["funnel"]["stages"][0]["reached"] == told["funnel"]["customers"] >= 7
    assert told["funnel"]["repeated_within_days"] == 3
    assert sum(month["customers"] or 0 for month in told["cohorts"]["months"]) >= 7


def test_results_of_something_unknown_are_not_found(call, world):
    for path, status in [
        ("/journeys/nope/funnel", 404),
        ("/journeys/open/funnel?days=91", 422),
        ("/journeys/open/answers?touchpoint=nope/form", 404),
        ("/journeys/nope/results", 404),
        ("/journeys/%00/results", 404),
        ("/journeys/open/results?segment=nope", 404),
        ("/journeys/open/results?segment=open-north&from=2026-01&to=2026-03", 200),
        ("/journeys/open/results?from=2026-03&to=2026-01", 422),
        ("/journeys/open/results?from=2026-13", 422),
        ("/journeys/open/results?channel=kiosk&language=fi&flagged=true", 200),
        ("/journeys/open/results?channel=fax", 422),
        ("/journeys/open/results?to=9999-12", 422),
        ("/journeys/open/results?minimum_cell=1", 422),
    ]:
        assert call("GET", path).status_code == status, path


def test_the_old_name_of_surveys_is_still_understood(call, world):
    """Programs written before surveys were called that go on, and are told in the document."""
    assert (
        call("GET", "/deployments").json["deployments"] == call("GET", "/surveys").json["surveys"]
    )
    now = call("GET", "/responses?survey=after-the-form").json
    assert call("GET", "/responses?deployment=after-the-form").json == now
    asked = {"deployment": "after-the-form", "customers": [{"customer_ref": "C-1"}]}
    assert call("POST", "/invitations", json=asked).status_code == 201
    twice = call("POST", "/invitations", json={**asked, "survey": "after-the-form"})
    assert twice.status_code == 422
    assert [each["field"] for each in twice.json["errors"]] == ["survey"]
    document = call("GET", "/openapi.json").json
    assert document["paths"]["/api/v1/deployments"]["get"]["deprecated"] is True
    fields = document["components"]["schemas"]["Invite"]["properties"]
    assert fields["deployment"]["deprecated"] is True


def test_a_large_report_is_downloaded_in_pieces(call, installation, world):
    large = 40_000_000
    with tempfile.TemporaryFile() as content, installation.store.writing() as session:
        content.truncate(large)
        file = installation.files.put(session, content, name="a.zip", media_type="application/zip")
        journey = world.here.journey_id
        made = Report(kind="segments", title="Every", journey_id=journey, file_id=file.id)
        session.add(made)
        session.flush()
        number = made.id
    tracemalloc.start()
    answer = call("GET", f"/journeys/open/reports/file?report={number}&format=zip", buffered=False)
    size = sum(len(piece) for piece in answer.response)
    answer.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status_code, size, answer.content_length) == (200, large, large)
    assert peak < large / 4
    with installation.store.reading() as session:
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (noted.action, noted.subject) == ("download report", f"report {number}")
    assert noted.detail == {"file": "zip", "key": "Branches"}


def test_a_judgement_that_is_none_is_a_fault_of_the_field_in_which_it_was_sent(call, world):
    sent = {"kind": "relevance", "items": {"a": ""}, "judges": [{"a": "9"}]}
    refused = call("POST", "/journeys/open/judges/judgements", json=sent)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "judges")
