"""Comments are found by words and filters, a bounded number of rows at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete

from instruments.loader import BUILT_IN
from surveyapp.comments.bands import Band, bands_of
from surveyapp.comments.proposals import (
    Proposal,
    forget_proposals,
    keep_proposals,
    proposals_of,
)
from surveyapp.comments.search import Page, Wanted, find, languages_and_channels
from surveyapp.errors import NotFound
from surveyapp.journeys.calendar import UTC_DAYS
from surveyapp.store.models import Response
from tests.comments.conftest import Commented


def page(commented: Commented, limit: int = 50, scanned: int = 1000, **wanted: Any) -> Page:
    with commented.store.reading() as session:
        surveys = [commented.survey]
        return find(
            *(session, surveys, Wanted(**wanted)),
            calendar=UTC_DAYS,
            bands=bands_of(surveys, BUILT_IN),
            limit=limit,
            scanned=scanned,
        )


def said(found: Page) -> list[str]:
    return [each.text for each in found.comments]


@pytest.fixture
def several(commented: Commented) -> Commented:
    commented.say("Long queue", nps=2)
    commented.say("Jonot olivat pitkiä", nps=7, language="fi", way="kiosk")
    commented.say("Très bien, à l'heure", nps=10, language="fr", quote=True)
    commented.say("queue again, and rain", nps=6, quote=True)
    return commented


def test_words_and_filters_are_found_newest_first_whatever_case_and_accents(several: Commented):
    newest = ["queue again, and rain", "Très bien, à l'heure", "Jonot olivat pitkiä", "Long queue"]
    assert said(page(several)) == newest
    for wanted, places in (
        ({"words": "QUEUE"}, (0, 3)),
        ({"words": "rain queue"}, (0,)),
        ({"words": "tres a"}, (1,)),
        ({"words": "pitkia"}, (2,)),
        ({"band": Band.LOW}, (0, 3)),
        ({"band": Band.MIDDLE}, (2,)),
        ({"band": Band.HIGH}, (1,)),
        ({"language": "fi"}, (2,)),
        ({"channel": "kiosk"}, (2,)),
        ({"may_quote": True}, (0, 1)),
        ({"may_quote": False}, (2, 3)),
        ({"until": date(2026, 3, 28)}, ()),
        ({"since": date(2026, 3, 29)}, (0, 1, 2, 3)),
    ):
        assert said(page(several, **wanted)) == [newest[place] for place in places], wanted
    first = page(several).comments[0]
    assert (first.score, first.band) == (6, "detractor")
    with several.store.reading() as session:
        assert languages_and_channels(session, [several.survey]) == (
            *(["en", "fi", "fr"], ["kiosk", "link"]),
        )


def test_pages_follow_one_another_and_a_search_says_how_far_it_has_looked(several: Commented):
    first = page(several, limit=3)
    assert len(first.comments) == 3 and first.older is not None and first.looked_to is None
    rest = page(several, limit=3, before=first.older)
    assert said(rest) == ["Long queue"] and rest.older is None
    looked = page(several, scanned=2, words="long")
    assert said(looked) == [] and looked.looked_to == date(2026, 3, 29)
    assert said(page(several, scanned=2, words="long", before=looked.older)) == ["Long queue"]


def test_a_place_that_is_gone_is_said(several: Commented):
    older = page(several, limit=1).older
    with several.store.writing() as session:
        session.execute(delete(Response).where(Response.id == older))
    with pytest.raises(NotFound, match="begin at the newest"):
        page(several, before=older)


def test_a_comment_without_a_score_is_found_by_what_it_sounds_like_where_asked(several: Commented):
    first, second = (several.say(text) for text in ("so slow", "so kind"))
    key = {number: (number, "nps-nps_reason") for number in (first, second)}
    proposals = {
        key[first]: Proposal(frozenset({"wait"}), Band.LOW),
        key[second]: Proposal(sounds=Band.HIGH),
    }
    with several.store.writing() as session:
        keep_proposals(session, proposals, {key[first]: "so slow", key[second]: "so kind"})

    def texts(**wanted: Any) -> list[str]:
        with several.store.reading() as session:
            surveys = [several.survey]
            return said(find(session, surveys, Wanted(**wanted), calendar=UTC_DAYS, bands={}))

    none: frozenset[str] = frozenset()
    assert texts(band=Band.LOW) == []
    assert texts(band=Band.LOW, proposals=none) == ["so slow"]
    assert texts(band=Band.LOW, proposals=none, words="kind") == []
    wait = frozenset({"wait"})
    assert texts(codes=frozenset({0}), proposals=wait) == ["so slow"]
    assert texts(band=Band.HIGH, codes=frozenset({0}), proposals=wait) == []
    assert len(texts(proposals=none)) == 6
    with several.store.writing() as session:
        assert proposals_of(session, list(key.values())) == proposals
        forget_proposals(session, [several.row.id])
    assert texts(band=Band.LOW, proposals=none) == []
