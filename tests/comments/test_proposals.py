"""Themes proposed by the job are measured by hand codes, and are not where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.text_vectors import Method, TextVectors, embedder
from surveyapp.comments.bands import Band
from surveyapp.comments.proposals import Proposal, keep_proposals
from surveyapp.jobs.kinds import JourneyPayload
from surveyapp.results.comments.ground import Ground, SaidComment
from surveyapp.results.comments.neighbour_proposals import sentiment_proposals
from surveyapp.results.comments.proposals import newest_proposals, run_proposals
from surveyapp.store.models import User
from tests.analysis.test_theme_proposals import PARTS, made
from tests.comments.test_coding import Coders, coders
from tests.installations import installation_on

__all__ = ["coders"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the sums do not differ
def test_proposals_are_measured_by_hand_codes(coders: Coders, app, installation, sign_in):
    texts, about = made("fi", 60)
    numbers = [
        coders.commented.say(text, nps=2 + 6 * int(a), language="fi")
        for text, a in zip(texts, about, strict=True)
    ]
    coders.commented.say("alone", language="sv")
    at = installation_on(coders.store)
    run = {
        "payload": JourneyPayload(coders.journey_id),
        "progress": lambda *step: None,
        "embed": None,
    }
    first = run_proposals(at, **run)
    assert first["measured"] == [] and first["skipped"] == {"sv": 1}
    assert [each["language"] for each in first["languages"]] == ["fi"]
    for number, a in zip(numbers, about, strict=True):
        coders.code(0, number, coders.staff if a else coders.wait)
    found = run_proposals(at, **run)
    assert {each["code"] for each in found["measured"]} == {"Wait", "Staff"}
    for each in found["measured"]:
        assert each["precision"]["estimate"] > 90 and 20 <= each["n"] <= 40
        assert each["recall"]["low"] < each["recall"]["estimate"] <= 100
    assert found["sentiment"][0]["r"] > 0.8
    with installation.store.reading() as session:
        client = sign_in(session.get_one(User, coders.people[0]))
    address = f"/journeys/{coders.journey_id}/coding/proposals"
    assert "No proposals yet" in client.get(address).text
    assert client.post(address).status_code == 303
    with installation.store.writing() as session:
        job = newest_proposals(session, coders.journey_id)
        assert job is not None and job.state == "waiting"
        job.state, job.result = "done", found
    page = client.get(address).text
    assert "proposal</span>" in page and "Precision" in page
    assert client.get(f"/jobs/{job.id}").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_proposed_codes_are_found_marked_and_give_way_to_those_of_people(
    coders: Coders, app, installation, sign_in
):
    texts, about = made("fi", 40)
    for text, a in zip(texts, about, strict=True):
        number = coders.commented.say(text, language="fi")
        coders.code(0, number, coders.staff if a else coders.wait)
    arabic = [coders.commented.say(PARTS["ar"][a][0], language="ar") for a in (0, 1)]
    fresh = coders.commented.say(PARTS["fi"][0][1], language="fi")
    run = {"payload": JourneyPayload(coders.journey_id), "progress": lambda *step: None}
    at = installation_on(coders.store)
    with installation.store.reading() as session:
        client = sign_in(session.get_one(User, coders.people[0]))
    address = f"/journeys/{coders.journey_id}/comments"

    def found(query: str) -> list[tuple[str, list[str]]]:
        listed = client.get(f"{address}.json?{query}").json["comments"]
        return [(each["text"], each["proposed"]["codes"]) for each in listed if not each["codes"]]

    for embed, expected, languages in ((None, 1, []), (embedder(), 3, ["fi"])):
        told = run_proposals(at, **run, embed=embed)
        codes = told["codes"]
        assert (codes["coded"], codes["open"], codes["proposed"]) == (40, 3, expected)
        assert [each["language"] for each in codes["languages"]] == ["fi"]
        assert [each["language"] for each in codes["languages"] if each["apart"]] == []
        assert bool(told["shared"]) is bool(languages)
    assert told["method"] == "embeddings"
    proposed = [
        (PARTS["fi"][0][1], ["wait"]),
        (PARTS["ar"][1][0], ["staff"]),
        (PARTS["ar"][0][0], ["wait"]),
    ]
    assert found("proposals=yes") == proposed
    assert found("proposals=yes&code=wait") == [proposed[0], proposed[2]]
    plain = client.get(f"{address}.json?code=wait").json["comments"]
    assert {tuple(each["codes"]) for each in plain} == {("wait",)}
    assert all("proposed" not in each for each in plain)
    page = client.get(f"{address}?proposals=yes&language=ar").text
    assert "Wait <i>(proposal)</i>" in page and "count in no figure" in page
    assert "(proposal)" not in client.get(f"{address}?language=ar").text
    assert client.get(f"{address}?proposals=odd").status_code == 422
    rows = client.get(f"{address}/export.csv?proposals=yes&language=ar").text.splitlines()
    assert rows[0].endswith("codes,proposed_codes,proposed_band,text")
    assert ",,staff,," in rows[1]
    coders.code(0, fresh, coders.staff)  # who differs from the proposal
    coders.commented.correct(arabic[0], "something else")
    assert found("proposals=yes") == [(PARTS["ar"][1][0], ["staff"]), ("something else", [])]
    with coders.store.writing() as session:
        key = (arabic[1], "nps-nps_reason")
        keep_proposals(session, {key: Proposal(frozenset({"wait"}))}, {key: "what it said before"})
    assert found("proposals=yes&code=wait") == []


def ground(bands: list[Band | None], languages: list[str], *, method: Method) -> Ground:
    """Comments that are alike where their bands are to be alike: low ones beside low ones."""
    rows = np.asarray([[1.0, 0.0] if place % 2 else [0.0, 1.0] for place in range(len(bands))])
    said = [
        SaidComment((place, "q"), language, f"text {place}", None, band, "")
        for place, (band, language) in enumerate(zip(bands, languages, strict=True))
    ]
    return Ground(said, TextVectors(rows, method), {}, {}, 5)


def test_sentiment_is_learned_from_scores_and_refused_by_name_without():
    bands: list[Band | None] = [Band.HIGH, Band.LOW] * 20
    told, found = sentiment_proposals(
        ground([*bands, None, None], ["en"] * 40 + ["fi", "fi"], method=Method.EMBEDDINGS)
    )
    assert found == {40: Band.HIGH, 41: Band.LOW}
    assert (told["scored"], told["open"], told["proposed"], told["refused"]) == (40, 2, 2, [])
    (english,) = told["languages"]
    assert english["low"]["precision"]["estimate"] == english["high"]["recall"]["estimate"] == 100
    told, _ = sentiment_proposals(
        ground([*bands, None, None], ["en"] * 40 + ["fi", "fi"], method=Method.NGRAMS)
    )
    assert told["refused"] == ["fi"]
    told, found = sentiment_proposals(
        ground([Band.LOW] * 29, ["en"] * 29, method=Method.EMBEDDINGS)
    )
    assert (told["scored"], told["languages"], found) == (29, [], {})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_says_what_is_missing_and_shows_what_an_earlier_version_found(
    coders: Coders, app, installation, sign_in
):
    number = coders.commented.say("alone")
    coders.code(0, number, coders.wait)
    found = run_proposals(
        installation_on(coders.store),
        payload=JourneyPayload(coders.journey_id),
        progress=lambda *step: None,
        embed=None,
    )
    with installation.store.reading() as session:
        client = sign_in(session.get_one(User, coders.people[0]))
    address = f"/journeys/{coders.journey_id}/coding/proposals"
    client.post(address)
    earlier = {"languages": [], "skipped": {"en": 1}, "measured": [], "coded": 1, "sentiment": []}
    for result, said in (
        (found, "they need 20 hand-coded comments, and 1 is coded"),
        (found, "and 1 comment has one (30 needed)"),
        (found, "Method: character n-grams"),
        (earlier, "Too few comments to look for themes: English 1"),
        ({"method": None, "languages": [], "skipped": {}, "coded": 0}, "Themes are not measured"),
    ):
        with installation.store.writing() as session:
            job = newest_proposals(session, coders.journey_id)
            job.state, job.result = "done", result
        assert said in client.get(address).text
