"""The SJQ nomological study recovers the population that it is given."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.composite.pls import fit_pls
from analysis.composite.sjq_discriminant import htmt_sentences
from analysis.composite.sjq_published import PUBLISHED
from analysis.composite.sjq_study import (
    JOURNEY,
    LOYAL,
    LOYALTY,
    MARKER,
    QUALITY,
    SERVICE,
    SJQ,
    SjqStudy,
    sjq_study,
    study_models,
)
from analysis.errors import DataError, MissingItem, ModelError
from instruments.loader import BUILT_IN
from tests.analysis.sjq_population import (
    DIRECT,
    FROM_QUALITY,
    LOADINGS,
    TO_QUALITY,
    answers,
    population,
    structure,
)


@pytest.fixture(scope="module")
def study() -> SjqStudy:
    return sjq_study(answers(239, seed=3), bootstrap=200, seed=1)


def test_the_population_is_recovered_exactly_in_three_stages() -> None:
    _, full = study_models(JOURNEY, SERVICE, LOYALTY)
    fit = fit_pls(population(), full, higher_order="three-stage")
    assert fit.path(SJQ, QUALITY) == pytest.approx(TO_QUALITY, abs=1e-7)
    assert fit.path(SJQ, LOYAL) == pytest.approx(DIRECT, abs=1e-7)
    assert fit.path(QUALITY, LOYAL) == pytest.approx(FROM_QUALITY, abs=1e-7)
    _, sjq_weights, quality_weights = structure()
    weights = fit.weights.set_index("construct")["estimate"]
    assert weights[SJQ].tolist() == pytest.approx(sjq_weights.tolist(), abs=1e-7)
    assert weights[QUALITY].tolist() == pytest.approx(quality_weights.tolist(), abs=1e-7)
    loadings = fit.loadings.set_index("construct")["estimate"]
    for dimension, published in LOADINGS.items():
        assert loadings[dimension].tolist() == pytest.approx(list(published), abs=1e-7)
    assert fit.fit["structural"]["srmr"] == pytest.approx(0, abs=1e-7)


def test_the_articles_way_recovers_its_own_population_value() -> None:
    _, full = study_models(JOURNEY, SERVICE, LOYALTY)
    truth = fit_pls(population(), full, higher_order="repeated")
    found = fit_pls(answers(20_000, seed=1, points=False), full, higher_order="repeated")
    for pair in ((SJQ, QUALITY), (SJQ, LOYAL), (QUALITY, LOYAL), (SJQ, "reliability")):
        assert found.total(*pair) == pytest.approx(truth.total(*pair), abs=0.02)
    # Measured with error, the effect on service quality comes out smaller than it is.
    assert truth.total(SJQ, QUALITY) < TO_QUALITY
    assert truth.total(SJQ, LOYAL) == pytest.approx(DIRECT + FROM_QUALITY * TO_QUALITY, abs=0.05)


def test_intervals_of_a_sample_of_the_articles_size_hold_the_population_value(
    study: SjqStudy,
) -> None:
    _, full = study_models(JOURNEY, SERVICE, LOYALTY)
    truth = fit_pls(population(), full, higher_order="repeated")
    for effect, pair in (
        (study.mediation.total, (SJQ, LOYAL)),
        (study.mediation.direct, (SJQ, LOYAL)),
    ):
        assert effect is not None
        value = truth.total(*pair) if effect is study.mediation.total else truth.path(*pair)
        assert effect.lower - 0.03 < value < effect.upper + 0.03


def test_sjq_reaches_service_quality_through_its_dimensions(study: SjqStudy) -> None:
    arrows = set(zip(study.full.paths["source"], study.full.paths["target"], strict=True))
    assert (SJQ, QUALITY) not in arrows
    assert {(SJQ, d) for d in SERVICE} | {(d, QUALITY) for d in SERVICE} <= arrows
    total = sum(study.full.path(SJQ, d) * study.full.path(d, QUALITY) for d in SERVICE)
    assert study.full.total(SJQ, QUALITY) == pytest.approx(total, abs=1e-12)


def test_hypotheses_have_verdicts_in_words(study: SjqStudy) -> None:
    assert [h.code for h in study.hypotheses] == ["H1", "H2", "H3"]
    assert all(h.supported and h.verdict.startswith("Supported") for h in study.hypotheses)
    assert "mediation is partial" in study.hypotheses[2].verdict


def test_a_supported_hypothesis_names_n_design_and_the_other_explanations(study: SjqStudy) -> None:
    for row in study.hypotheses:
        assert "n = 239 answers of one survey at one time" in row.verdict
        assert "opposite direction or a common cause" in row.verdict
        assert not {"raises", "moves", "drives", "carries"} & set(row.claim.split())


def test_pairs_that_reach_the_cut_off_of_htmt_are_named_and_explained(study: SjqStudy) -> None:
    assert len(study.htmt) == 36  # 9 first-order constructs
    assert (study.discriminant, any(pair.above for pair in study.htmt)) == ((), False)
    pair = next(p for p in study.htmt if {p.first, p.second} == {"assurance", "empathy"})
    assert pair.htmt == study.full.htmt.loc["assurance", "empathy"]
    assert pair.lower < pair.htmt < pair.upper and pair.block == QUALITY
    alike = [
        replace(p, htmt=0.85 + at / 100, above=True) if at in (1, 34) else p
        for at, p in enumerate(study.htmt)
    ]
    first, apart, within = htmt_sentences(alike)
    assert first.startswith("discriminant validity: 2 of 36 HTMT values reach 0.85 (largest ")
    assert alike[34].block is None and "hardly tell these apart" in apart
    assert f"within sjq: seamlessness and {alike[1].second} 0.86" in within
    assert "may be expected" in within


def test_the_largest_vif_of_items_stands_beside_that_of_constructs(study: SjqStudy) -> None:
    items = study.full.vif[study.full.vif["construct"] != SJQ]
    own = items[items["construct"] != QUALITY]["vif"]
    assert study.largest_item_vif >= own.max() > study.largest_vif


def test_loyalty_shuffled_over_rows_is_driven_by_nothing() -> None:
    data = answers(239, seed=3)
    order = np.random.default_rng(2).permutation(239)
    data[list(LOYALTY)] = data[list(LOYALTY)].to_numpy()[order]
    found = sjq_study(data, bootstrap=200, seed=1, higher_order="two-stage", ml=False)
    assert found.hypotheses[0].supported  # service quality still follows journey quality
    assert not found.hypotheses[2].supported
    assert found.hypotheses[2].verdict == "Not supported: the interval includes zero."


def test_every_part_of_the_procedure_is_there(study: SjqStudy) -> None:
    assert study.n == 239
    assert study.largest_vif < 5
    assert study.harman.first_share < 0.6
    assert study.marker is not None and abs(study.marker.r_marker) < 0.2
    assert study.marker_correction is not None
    assert study.marker_correction.largest_change < 0.05
    assert study.weights["model"].value_counts().to_dict() == {"baseline": 3, "full": 3}
    assert (study.weights["lower"] < study.weights["weight"]).all()
    assert set(JOURNEY) <= set(study.importance.dimensions.loc[SJQ].index)
    assert study.prediction.power in ("high", "medium")
    assert study.prediction.items["q2"].min() > 0


def test_the_counterparts_stand_beside_with_a_reason(study: SjqStudy) -> None:
    table = study.robustness.table.set_index("method")
    assert list(table.index) == [
        "PLS repeated",
        "PLS two-stage",
        "PLS three-stage",
        "ML, second order reflective",
    ]
    assert (table["total"] - table["direct"] - table["indirect"]).abs().max() < 1e-9
    assert table.loc["PLS three-stage", "to_mediator"] > table.loc["PLS repeated", "to_mediator"]
    assert table.loc["ML, second order reflective", "total"] == pytest.approx(0.70, abs=0.12)
    assert "reflective" in study.robustness.why


def test_printed_figures_stand_beside_ours_as_another_population(study: SjqStudy) -> None:
    assert len(study.published) == len(PUBLISHED) == 18
    assert study.published["ours"].notna().all()
    row = study.published.set_index("key").loc["full total"]
    assert row["published"] == 0.76
    assert row["ours"] == pytest.approx(study.full.total(SJQ, LOYAL))
    assert "Another population" in study.caution
    assert "N = 239" in study.source


def test_the_study_is_json(study: SjqStudy) -> None:
    out = study.to_dict()
    json.dumps(out, allow_nan=False)
    assert {"hypotheses", "published", "importance", "robustness"} <= set(out)


def test_item_codes_are_those_of_the_instruments() -> None:
    for code, dimensions in (("sjq", JOURNEY), ("servqual-p", SERVICE)):
        items = BUILT_IN.load(code).items
        for dimension, codes in dimensions.items():
            fielded = {i.code for i in items if i.dimension == dimension}
            assert set(codes) <= fielded
    assert {i.code for i in BUILT_IN.load("loyalty").items} >= set(LOYALTY)
    assert {i.code for i in BUILT_IN.load("marker").items} >= set(MARKER)


def test_what_is_missing_is_named() -> None:
    data = answers(120, seed=4)
    with pytest.raises(MissingItem, match="sea2"):
        sjq_study(data.drop(columns="sea2"), bootstrap=20, seed=1)
    with pytest.raises(ModelError, match="mar2"):
        sjq_study(data.drop(columns="mar2"), bootstrap=20, seed=1)
    with pytest.raises(DataError, match="tests by bootstrap"):
        sjq_study(data, bootstrap=0)
    with pytest.raises(DataError, match="outside its scale"):
        sjq_study(data, bootstrap=20, seed=1, scale=(1, 5), ml=False)
    bare = sjq_study(
        data.drop(columns=list(MARKER)), bootstrap=30, seed=1, higher_order="two-stage", ml=False
    )
    assert bare.marker is None
    assert any("no marker items" in w for w in bare.warnings)
    assert bare.robustness.ml is None
