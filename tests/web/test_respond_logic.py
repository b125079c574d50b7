"""What is asked of whom, on the page: nothing that is hidden is needed or kept, nothing is given away."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Response, Score
from tests.responses.makers import make_segment, make_survey
from tests.web.respondents import form_key, form_of, opened, parsed, questions_on, single_use

HARD = [{"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}]
CHAIN = [
    {"item": "csat-csat", "when": "nps-nps", "sign": "<=", "value": "6"},
    {"item": "csat-csat_reason", "when": "csat-csat", "sign": "<=", "value": "2"},
]


def make(installation: Installation, logic: dict[str, Any], **changes: Any) -> Any:
    with installation.store.writing() as session:
        made = make_survey(session, asks=("nps", "csat"))
        made.logic = logic
        for name, value in changes.items():
            setattr(made, name, value)
        return made


def stored(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Response).order_by(Response.id)))


def test_what_is_hidden_is_neither_needed_nor_kept(client, installation):
    url = f"/s/{make(installation, {'show_if': CHAIN}).link}"
    page = opened(client, url)
    data = {"form-key": form_key(page), "nps-nps": "9", "csat-csat_reason": "typed, then hidden"}
    assert client.post(url, data=data).status_code == 303
    assert stored(installation)[0].answers == {"nps": {"nps": 9}, "csat": {}}
    unhappy = {"form-key": form_key(opened(client, url)), "nps-nps": "2"}
    refused = client.post(url, data=unhappy)
    assert refused.status_code == 422
    assert [tag.attributes["href"] for tag in parsed(refused.text).all("a")] == ["#csat-csat"]
    whole = {**unhappy, "csat-csat": "1", "csat-csat_reason": "slow"}
    assert client.post(url, data=whole).status_code == 303
    assert stored(installation)[1].answers["csat"] == {"csat": 1, "csat_reason": "slow"}


def test_in_blocks_the_server_leaves_out_what_is_not_asked(client, installation):
    url = f"/s/{make(installation, {'show_if': CHAIN}, paging='blocks').link}"
    page = opened(client, url)
    assert questions_on(page) == ["nps-nps", "nps-nps_reason"]
    happy = {**form_of(page), "nps-nps": "9", "go": "next"}
    assert client.post(f"{url}?at=0", data=happy).status_code == 303  # nothing is left to ask
    page = opened(client, url)
    unhappy = {**form_of(page), "nps-nps": "3", "go": "next"}
    second = client.post(f"{url}?at=0", data=unhappy)
    assert questions_on(second.text) == ["csat-csat", "csat-csat_reason"]
    assert "Question 2 of 2" in second.text


def test_questions_that_hang_on_others_are_numbered_beside_them(client, installation):
    page = opened(client, f"/s/{make(installation, {'show_if': HARD}).link}")
    numbers = [t.text.split()[0] for t in parsed(page).all("span", **{"class": "number"})]
    assert numbers == ["1", "1a", "2", "3"]
    assert "3 questions" in page


def test_does_not_apply_is_stored_as_absent_and_told_beside_the_answers(client, installation):
    url = f"/s/{make(installation, {'not_applicable': ['csat-csat']}).link}"
    page = opened(client, url)
    assert page.count("Does not apply to me") == 1
    data = {"form-key": form_key(page), "nps-nps": "9", "csat-csat": "not-applicable"}
    assert client.post(url, data=data).status_code == 303
    (kept,) = stored(installation)
    assert (kept.answers["csat"], kept.paradata) == ({}, {"not_applicable": ["csat-csat"]})
    with installation.store.reading() as session:
        assert set(session.scalars(select(Score.scale))) == {"nps"}
    refused = {**data, "form-key": form_key(opened(client, url)), "nps-nps": "not-applicable"}
    assert client.post(url, data=refused).status_code == 422


def test_the_check_of_attention_looks_like_its_neighbours_and_is_no_answer(client, installation):
    url = f"/s/{make(installation, {'attention': {'after': 'nps-nps', 'choose': 4}}).link}"
    page = opened(client, url)
    assert "For this line, please choose 4." in page
    assert "attention" not in page
    assert "check" not in page.replace("checked", "").replace("checkbox", "")
    assert questions_on(page)[:2] == ["nps-nps", "nps-npsb"]
    data = {"form-key": form_key(page), "nps-nps": "9", "csat-csat": "5"}
    missing = client.post(url, data=data)
    assert [tag.attributes["href"] for tag in parsed(missing.text).all("a")] == ["#nps-npsb"]
    for given, judged in (("4", "passed"), ("5", "failed")):
        form = {**data, "form-key": form_key(opened(client, url)), "nps-npsb": given}
        assert client.post(url, data=form).status_code == 303
        assert stored(installation)[-1].paradata == {"attention": judged}
        assert stored(installation)[-1].answers["nps"] == {"nps": 9}


def test_a_full_survey_is_polite_and_whoever_has_begun_may_finish(client, installation):
    with installation.store.writing() as session:
        make_segment(session, "north", "region = North")
    made = make(installation, {"quotas": [{"most": 1, "segment": "north"}, {"most": 3}]})
    north, late, south = single_use(
        installation,
        made,
        {"attributes": {"region": "North"}},
        {"attributes": {"region": "North"}},
        {"attributes": {"region": "South"}},
    )
    answers = {"nps-nps": "9", "csat-csat": "5"}
    begun = form_key(opened(client, late))
    assert client.post(north, data={**answers, "form-key": form_key(opened(client, north))})
    full = client.get(late)
    assert (full.status_code, "all the answers we need" in full.text) == (410, True)
    assert client.post(late, data={**answers, "form-key": begun}).status_code == 303
    assert client.get(south).status_code == 200  # another segment
    url = f"/s/{made.link}"
    assert client.post(url, data={**answers, "form-key": form_key(opened(client, url))})
    assert len(stored(installation)) == 3
    assert client.get(url).status_code == client.get(south).status_code == 410


def test_own_attributes_are_said_escaped_and_the_common_page_says_the_default(client, installation):
    text = "{attribute:agent|Our adviser} helped you. {attribute:x|{{7*7}}}"
    made = make(installation, {}, introduction=text)
    agent = "<script>alert('{provider}')</script>"
    own, other = single_use(
        installation, made, {"attributes": {"agent": agent}}, {"attributes": {"region": "North"}}
    )
    page = opened(client, own)
    assert "&lt;script&gt;alert(&#39;{provider}&#39;)&lt;/script&gt; helped you." in page
    for address in (other, f"/s/{made.link}"):
        assert "Our adviser helped you." in opened(client, address)
    again = client.post(own, data={"form-key": form_key(page)})
    assert (again.status_code, "&lt;script&gt;alert" in again.text) == (422, True)


@pytest.mark.parametrize("raw", [["nps-nps"], {"nps": "x"}])
def test_odd_fields_with_logic_are_faults_and_no_crash(client, installation, raw):
    url = f"/s/{make(installation, {'show_if': CHAIN, 'not_applicable': ['nps-nps']}).link}"
    page = opened(client, url)
    odd = {"form-key": form_key(page), "nps-nps": ["not-applicable", "3"], "csat-csat": str(raw)}
    assert client.post(url, data=odd).status_code == 422
