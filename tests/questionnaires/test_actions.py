"""A published version is read by the library as it was written, and two people lose nothing."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.loader import BUILT_IN, InstrumentError, Library
from instruments.schema import ItemKind, Metric, ShowIf
from surveyapp.errors import Conflict, Invalid
from surveyapp.questionnaires import actions, draft
from surveyapp.questionnaires.documents import document_of, toml
from surveyapp.questionnaires.faults import examined
from surveyapp.questionnaires.general import change_general, general
from surveyapp.questionnaires.queries import compared, draft_in, questionnaire
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Questionnaire
from surveyapp.store.published_questionnaires import PublishedQuestionnaires
from tests.responses.makers import make_journey


def made(store: Store, origin: str) -> Questionnaire:
    """A questionnaire that begins as a copy of an instrument."""
    with store.writing() as session:
        journey = make_journey(session, "parking")
        instrument = BUILT_IN.load(origin)
        start = draft.draft_of(document_of(instrument), f"{origin} {instrument.version}")
        return actions.create_questionnaire(
            session, journey, "Own one", lambda _: start, user_id=None
        )


def test_a_version_is_loaded_as_it_was_published(store: Store):
    """The SJQ's keys keep their order, which JSONB would not."""
    row = made(store, "sjq")
    library = Library((), PublishedQuestionnaires(store))
    assert row.code not in library.available()
    with pytest.raises(InstrumentError):
        library.load(row.code)
    with store.writing() as session:
        there = questionnaire(session, row.journey_id, row.id, to_change=True)
        actions.publish(session, there, user_id=None, now=utc_now())
    loaded, original = library.load(row.code), BUILT_IN.load("sjq")
    assert row.code in library.available()
    assert loaded.version == "1"
    assert loaded.items == original.items
    assert list(loaded.keys.items()) == list(original.keys.items())
    assert loaded.wording("ar").items == original.wording("ar").items
    assert (loaded.licence, loaded.note) == (original.licence, original.note)
    assert set(loaded.wordings) == {
        f"{tag}-1" for tag in ("ar", "de", "en", "es", "fi", "fr", "sv")
    }


def test_nothing_is_published_while_anything_is_wrong(store: Store):
    row = made(store, "csat")
    with store.writing() as session:
        there = questionnaire(session, row.journey_id, row.id, to_change=True)
        changed, _ = draft.add(draft_in(there), ItemKind.OPEN_TEXT)
        actions.save(session, there, changed, user_id=None)
        with pytest.raises(Invalid, match=r"Wording \(fi\): must not be empty"):
            actions.publish(session, there, user_id=None, now=utc_now())
        with pytest.raises(Conflict, match="has a draft already"):
            actions.open_draft(session, there, None, user_id=None)  # type: ignore[arg-type]


def test_a_code_is_renamed_wherever_it_stands():
    start = draft.draft_of(document_of(BUILT_IN.load("csat")))
    question = start.question(1)
    added, number = draft.add(start, ItemKind.OPEN_TEXT)
    hanging = replace(added.question(number), show_if=ShowIf("csat", "<=", ("2",)))
    renamed = draft.change(draft.change(added, hanging), replace(question, code="liked"))
    instrument, _ = examined(renamed)
    assert instrument.default_key is not None
    assert instrument.default_key.items == ("liked",)
    assert instrument.items[-1].show_if == ShowIf("liked", "<=", ("2",))
    assert (
        instrument.wording("de").items["liked"] == BUILT_IN.load("csat").wording("de").items["csat"]
    )
    places = {each.place for each in compared(start.document, renamed.document)}
    assert {"order of the questions", "keys › csat › scales › csat"} <= places


def test_a_score_counts_what_is_chosen_and_is_named_in_each_language():
    start = draft.draft_of(document_of(BUILT_IN.load("servqual-p")))
    stored = general(start)
    two = {"front": {"en": "Front"}, "back": {"en": "Back"}}
    changed = change_general(start, replace(stored, scales=two, total={"en": "All"}))
    for question in changed.questions():
        score = "front" if question.id % 2 else "back"
        changed = draft.change(changed, replace(question, score=score))
    instrument, faults = examined(changed)
    key = instrument.default_key
    assert key is not None
    assert (key.metric, key.total, key.validated) == (Metric.INDEX, "total", False)
    assert {len(items) for items in key.scales.values()} <= {10, 11, 12}
    assert {fault.place for fault in faults} == {
        f"Name of the score {name} ({tag})"
        for name in ("front", "back", "total")
        for tag in ("ar", "de", "es", "fi", "fr", "sv")
    }


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.recursive(
            st.one_of(
                st.text(max_size=12).map(lambda text: text.replace("\r", "")),
                st.booleans(),
                st.integers(-99, 99),
                st.lists(st.text(max_size=5), max_size=3),
            ),
            lambda inner: st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=5,
    )
)
def test_toml_is_read_back_as_it_was(table):
    assert tomllib.loads(toml(table)) == table
