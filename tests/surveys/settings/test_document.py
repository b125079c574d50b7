"""A document is read strictly and written so that reading it gives the same settings again."""

from __future__ import annotations

import json
from datetime import time
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.conditions import SIGNS
from surveyapp.errors import Invalid
from surveyapp.surveys.settings.channels import Channels
from surveyapp.surveys.settings.closed_loop import CaseRule
from surveyapp.surveys.settings.comments import CommentSettings
from surveyapp.surveys.settings.distribution import Distribution, MessageText
from surveyapp.surveys.settings.document import VERSION_KEY, Document, about_field, limited
from surveyapp.surveys.settings.logic import (
    AttentionRule,
    ConditionRule,
    LogicRules,
    Quota,
)
from surveyapp.surveys.settings.reference import SETTINGS, fields
from surveyapp.surveys.settings.sampling import CHANNELS, RESTS, Sampling, Trigger
from surveyapp.surveys.settings.texts import NAMES, Texts, Translation
from surveyapp.surveys.settings.theme import Theme

IDS = st.integers(1, 10**9 - 1)
WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)
LANGUAGES = st.sampled_from(["fi", "sv", "pt-BR", "ar"])
CLOCKS = st.times().map(lambda each: each.replace(second=0, microsecond=0))


def lists(of: st.SearchStrategy[str], most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, max_size=most, unique=True).map(tuple)


@st.composite
def samplings(draw: st.DrawFn) -> Sampling:
    begin, end = draw(st.lists(CLOCKS, min_size=2, max_size=2, unique=True))
    quiet = draw(st.booleans())
    return Sampling(
        active=draw(st.booleans()),
        trigger=Trigger(
            draw(lists(WORDS)),
            draw(lists(WORDS)),
            draw(lists(WORDS)),
            draw(st.sampled_from(["", "region = North"])),
        ),
        delay_minutes=draw(st.integers(0, 129_600)),
        quiet_from=begin if quiet else None,
        quiet_to=end if quiet else None,
        share=draw(st.floats(0, 1, exclude_min=True)),
        most=draw(st.none() | IDS),
        rest=draw(st.sampled_from(RESTS)),
        rest_days=draw(st.none() | st.integers(0, 3650)),
        channel=draw(st.sampled_from(CHANNELS)),
        expires_days=draw(st.integers(1, 365)),
        max_age_days=draw(st.integers(1, 365)),
    )


MADE: dict[type[Document], st.SearchStrategy[Any]] = {
    Theme: st.builds(
        Theme,
        colour=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True) | st.just(""),
        name=WORDS | st.just(""),
        logo_file_id=st.none() | IDS,
        logo_width=IDS,
        logo_height=IDS,
    ),
    Channels: st.builds(
        Channels,
        embed_origins=lists(st.sampled_from(["https://a.example", "https://b.example:8443"])),
        kiosk=st.booleans(),
        kiosk_seconds=st.integers(3, 120),
        kiosk_idle_seconds=st.integers(30, 900),
        end_url=st.sampled_from(["", "https://bank.example/thanks"]),
    ),
    LogicRules: st.builds(
        LogicRules,
        show_if=st.lists(
            st.builds(ConditionRule, WORDS, WORDS, st.sampled_from(SIGNS), lists(WORDS))
        ).map(tuple),
        not_applicable=lists(WORDS),
        attention=st.none() | st.builds(AttentionRule, WORDS, st.integers()),
        quotas=st.lists(
            st.builds(Quota, IDS, WORDS), max_size=4, unique_by=lambda each: each.segment
        ).map(tuple),
    ),
    Sampling: samplings(),
    Distribution: st.builds(
        Distribution,
        texts=st.dictionaries(LANGUAGES, st.builds(MessageText, WORDS, WORDS, WORDS, WORDS)),
        one_click=WORDS | st.just(""),
        reminders=st.sampled_from([(), (3,), (3, 60)]),
        reply_to=st.sampled_from(["", "care@bank.example"]),
    ),
    CaseRule: st.builds(
        CaseRule,
        WORDS,
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(0, 365),
        st.none() | IDS,
        st.none() | IDS,
        st.booleans(),
    ),
    CommentSettings: st.builds(
        CommentSettings,
        mask=st.booleans(),
        names=st.lists(WORDS.filter(lambda name: len(name) > 1)).map(tuple),
        keep_originals=st.booleans(),
        ask_to_quote=st.booleans(),
    ),
    Texts: st.builds(
        Texts,
        st.dictionaries(
            LANGUAGES,
            st.builds(Translation, *[WORDS] * 4, of=st.dictionaries(st.sampled_from(NAMES), WORDS)),
        ),
    ),
}


def test_every_document_has_its_class_here():
    assert set(MADE) == set(SETTINGS.values())


@pytest.mark.parametrize("kind", MADE, ids=lambda each: each.__name__)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_again(kind: type[Document], data: st.DataObject):
    value = data.draw(MADE[kind])
    document = json.loads(json.dumps(value.written()))
    assert kind.read(document) == value
    assert kind.read(document).written() == document


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", MADE, ids=lambda each: each.__name__)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_anything_else_is_refused_in_a_sentence(kind: type[Document], data: st.DataObject):
    """Nothing but Invalid comes out of any JSON, and what is taken was meant as it is."""
    names = [each.name for each in attrs.fields(kind)]
    raw = data.draw(JUNK | st.dictionaries(st.sampled_from(names), JUNK))
    try:
        read = kind.read(raw)
    except Invalid as error:
        assert str(error).strip()
    else:
        assert kind.read(read.written()) == read


@pytest.mark.parametrize("kind", MADE, ids=lambda each: each.__name__)
def test_an_unknown_key_is_named_with_those_that_there_are(kind: type[Document]):
    raw: dict[str, Any] = {"fi": {"colur": "x"}} if kind is Texts else {"colur": "x"}
    with pytest.raises(Invalid, match=r"has no setting 'colur'; use \w+"):
        kind.read(raw)


@pytest.mark.parametrize("kind", MADE, ids=lambda each: each.__name__)
def test_a_document_of_another_version_is_refused(kind: type[Document]):
    for version in (0, 2, "1", None):
        with pytest.raises(Invalid, match="which this release cannot read; it reads version 1"):
            kind.read({VERSION_KEY: version})
    if kind is not CaseRule:  # which has no defaults for what it is about
        assert kind.read({VERSION_KEY: 1}) == kind.read({})


@pytest.mark.parametrize(
    ("kind", "raw", "place", "field"),
    [
        (Channels, {"kiosk": 1}, "kiosk is 1; use true or false", "kiosk"),
        (Channels, {"embed_origins": "https://a.example"}, "use a list", "embed_origins"),
        (Channels, {"embed_origins": [1]}, "embed_origins.0 is 1; use a text", "embed_origins"),
        (Theme, {"name": None}, "name is None; use a text", "name"),
        (LogicRules, {"quotas": [{"most": "5"}]}, "quotas.0.most is '5'", "quotas"),
        (LogicRules, {"show_if": [{"item": "a"}]}, "no show_if.0.when", "show_if"),
        (Sampling, {"trigger": {"rule": 1}}, "trigger.rule is 1; use a text", "rule"),
        (Distribution, {"texts": {"fi": {"text": 1}}}, "texts.fi.text is 1", "text-fi"),
        (Distribution, {"texts": {"fi": "Hei!"}}, "texts.fi is 'Hei!'; use an object", "texts"),
        (CaseRule, {"scale": "nps"}, "A case rule has no at_most; give one", "at_most"),
        (Texts, {"fi": {"of": 1}}, "fi.of is 1; use an object", "of"),
    ],
)
def test_a_wrong_type_is_told_with_its_place_value_and_cure(kind, raw, place, field):
    with pytest.raises(Invalid) as refused:
        kind.read(raw)
    assert place in str(refused.value)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", [Channels, Sampling, CaseRule])
def test_numbers_are_refused_beyond_the_limits_that_forms_show(kind: type[Any]):
    base = {"scale": "nps", "at_most": 6} if kind is CaseRule else {}
    tried = 0
    for each in attrs.fields(kind):
        said = about_field(kind, each.name)
        if each.validator is not limited or said.most is None or said.least is None:
            continue
        tried += 1
        for good in (said.least, said.most):
            assert getattr(kind.read({**base, each.name: int(good)}), each.name) == good
        for bad in (said.least - 1, said.most + 1):
            with pytest.raises(Invalid, match=said.label) as refused:
                kind.read({**base, each.name: int(bad)})
            assert refused.value.field == each.name
            assert said.limits in str(refused.value)
    assert tried > 0


def test_the_reference_has_every_field_with_its_words():
    sampling = {each.key: each for each in fields(Sampling)}
    assert sampling["delay_minutes"].limits == "0 to 129600"
    assert sampling["rest"].limits == "block, delay, override"
    assert (sampling["quiet_from"].type, sampling["quiet_from"].default) == (
        "time of day or null",
        "null",
    )
    assert "trigger.rule" in sampling
    assert fields(CaseRule)[0].default == ""  # it must be given
    for kind in SETTINGS.values():
        assert all(each.meaning.endswith(".") for each in fields(kind)), kind
    assert time(21) == Sampling.read({"quiet_from": "21:00", "quiet_to": "8:00"}).quiet_from
