"""Second-order constructs: populations recovered, other programs matched, SJQ's way of drawing."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.composite.higher_order import ADVICE, repeated_paths
from analysis.composite.pls import fit_pls
from analysis.composite.text import read_model
from analysis.errors import ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import HIGHER, second_order_population


@pytest.mark.parametrize("dimensions", ["factor", "composite"])
@pytest.mark.parametrize("second", ["factor", "composite"])
def test_three_stages_recover_every_type_of_second_order_population(
    dimensions: str, second: str
) -> None:
    moments, text, paths, loadings, weights = second_order_population(
        dimensions=dimensions, second=second
    )
    fit = fit_pls(moments, text, higher_order="three-stage")
    found = {f"{r.source}->{r.target}": r.estimate for r in fit.paths.itertuples()}
    assert found == pytest.approx(paths, abs=1e-7)
    up = fit.loadings.set_index("construct").loc["Q", "estimate"]
    assert up.tolist() == pytest.approx(loadings.tolist(), abs=1e-7)
    if second == "composite":
        down = fit.weights.set_index("construct").loc["Q", "estimate"]
        assert down.tolist() == pytest.approx(weights.tolist(), abs=1e-7)
    assert fit.fit["structural"]["srmr"] == pytest.approx(0, abs=1e-7)


def test_two_stages_attenuate_a_composite_of_factors() -> None:
    moments, text, paths, _, _ = second_order_population(dimensions="factor", second="composite")
    fit = fit_pls(moments, text, consistent=True, higher_order="two-stage")
    assert 0.01 < abs(fit.path("Q", "Y") - paths["Q->Y"]) < 0.1


def test_two_stages_recover_a_composite_of_composites() -> None:
    moments, text, paths, _, weights = second_order_population(
        dimensions="composite", second="composite"
    )
    fit = fit_pls(moments, text, consistent=True, higher_order="two-stage")
    assert fit.path("Q", "Y") == pytest.approx(paths["Q->Y"], abs=1e-7)
    down = fit.weights.set_index("construct").loc["Q", "estimate"]
    assert down.tolist() == pytest.approx(weights.tolist(), abs=1e-7)


def test_two_stage_mode_a_equals_r_seminr() -> None:
    # R seminr 2.5.0.9000: higher_composite("Satisfaction", c("Image", "Value"), two_stage, mode_A).
    fit = fit_pls(mobi(), HIGHER.replace("Satisfaction <~", "Satisfaction =~"))
    assert fit.path("Expectation", "Satisfaction") == pytest.approx(0.103641382040823, abs=1e-9)
    assert fit.path("Quality", "Satisfaction") == pytest.approx(0.720064333276669, abs=1e-9)
    assert fit.path("Satisfaction", "Complaints") == pytest.approx(0.486257317953653, abs=1e-9)
    assert fit.path("Satisfaction", "Loyalty") == pytest.approx(0.627602841720655, abs=1e-9)
    assert fit.r_squared["r_squared"].tolist() == pytest.approx(
        [0.23644617926348, 0.393885326935841, 0.612308347837422], abs=1e-9
    )


@pytest.mark.parametrize("seed", [3, 4])
def test_two_stage_mode_b_equals_pypi_seminr(seed: int) -> None:
    from seminr import (
        composite,
        constructs,
        estimate_pls,
        higher_composite,
        mode_A,
        mode_B,
        paths,
        relationships,
    )

    data = mobi().sample(200, random_state=seed, replace=True).reset_index(drop=True)
    image = [f"IMAG{i}" for i in range(1, 6)]
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", image, mode_A),
            composite("Value", ["PERV1", "PERV2"], mode_A),
            composite("Expectation", ["CUEX1", "CUEX2", "CUEX3"], mode_A),
            higher_composite("Satisfaction", ["Image", "Value"], "two_stage", mode_B),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(paths("Expectation", "Satisfaction"), paths("Satisfaction", "Loyalty")),
    )
    fit = fit_pls(
        data,
        f"""Image =~ {" + ".join(image)}
        Value =~ PERV1 + PERV2
        Expectation =~ CUEX1 + CUEX2 + CUEX3
        Satisfaction <~ Image + Value
        Loyalty =~ CUSL1 + CUSL3
        Satisfaction ~ Expectation
        Loyalty ~ Satisfaction""",
    )
    for row in fit.paths.itertuples():
        assert row.estimate == pytest.approx(peer.path_coef.get(row.source, row.target), abs=1e-9)
    for row in fit.weights.itertuples():
        assert row.estimate == pytest.approx(
            peer.outer_weights.get(row.item, row.construct), abs=1e-9
        )


def test_a_formed_construct_with_repeated_items_is_reached_through_its_dimensions() -> None:
    model = read_model(HIGHER)
    assert set(repeated_paths(model)) == {
        ("Expectation", "Image"),
        ("Expectation", "Value"),
        ("Quality", "Image"),
        ("Quality", "Value"),
        ("Image", "Satisfaction"),
        ("Value", "Satisfaction"),
        ("Satisfaction", "Complaints"),
        ("Satisfaction", "Loyalty"),
    }
    reflected = read_model(HIGHER.replace("Satisfaction <~", "Satisfaction =~"))
    assert ("Satisfaction", "Image") in repeated_paths(reflected)


def test_repeated_items_equal_an_ordinary_model_with_the_items_twice() -> None:
    data = mobi()
    fit = fit_pls(data, HIGHER, higher_order="repeated")
    again = [*(f"IMAG{i}" for i in range(1, 6)), "PERV1", "PERV2"]
    doubled = data.assign(**{f"{name}_again": data[name] for name in again})
    text = (
        HIGHER.split("Satisfaction <~")[0]
        + "Satisfaction <~ "
        + " + ".join(f"{name}_again" for name in again)
    )
    text += """
    Image ~ Expectation + Quality
    Value ~ Expectation + Quality
    Satisfaction ~ Image + Value
    Complaints ~ Satisfaction
    Loyalty ~ Satisfaction"""
    plain = fit_pls(doubled, text)
    for row in plain.effects.itertuples():
        assert fit.total(row.source, row.target) == pytest.approx(row.total, abs=1e-9)


def test_repeated_items_equal_pypi_seminr_given_the_items_twice() -> None:
    from seminr import composite, constructs, estimate_pls, mode_A, mode_B, paths, relationships

    data = mobi().sample(220, random_state=8, replace=True).reset_index(drop=True)
    image, value = ["IMAG1", "IMAG2", "IMAG3"], ["PERV1", "PERV2"]
    doubled = data.assign(**{f"{name}_again": data[name] for name in (*image, *value)})
    peer = estimate_pls(
        doubled,
        constructs(
            composite("Expectation", ["CUEX1", "CUEX2"], mode_A),
            composite("Image", image, mode_A),
            composite("Value", value, mode_A),
            composite("Satisfaction", [f"{name}_again" for name in (*image, *value)], mode_B),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(
            paths("Expectation", ["Image", "Value"]),
            paths(["Image", "Value"], "Satisfaction"),
            paths("Satisfaction", "Loyalty"),
        ),
    )
    fit = fit_pls(
        data,
        """Expectation =~ CUEX1 + CUEX2
        Image =~ IMAG1 + IMAG2 + IMAG3
        Value =~ PERV1 + PERV2
        Satisfaction <~ Image + Value
        Loyalty =~ CUSL1 + CUSL3
        Satisfaction ~ Expectation
        Loyalty ~ Satisfaction""",
        higher_order="repeated",
    )
    assert len(fit.paths) == 5
    for row in fit.paths.itertuples():
        assert row.estimate == pytest.approx(peer.path_coef.get(row.source, row.target), abs=1e-9)


def test_dimensions_nearly_compose_a_repeated_construct_so_its_antecedents_are_reported() -> None:
    fit = fit_pls(mobi(), HIGHER, higher_order="repeated")
    C = fit.correlations
    both = C.loc[["Image", "Value"], ["Image", "Value"]]
    onto = C.loc[["Image", "Value"], "Satisfaction"]
    assert onto @ np.linalg.solve(both, onto) > 0.99
    named = ["Expectation", "Quality"]
    r2 = C.loc[named, "Satisfaction"] @ np.linalg.solve(
        C.loc[named, named], C.loc[named, "Satisfaction"]
    )
    assert fit.r_squared.loc["Satisfaction", "r_squared"] == pytest.approx(r2, abs=1e-12)
    through = fit.path("Quality", "Image") * fit.path("Image", "Satisfaction") + fit.path(
        "Quality", "Value"
    ) * fit.path("Value", "Satisfaction")
    assert fit.total("Quality", "Satisfaction") == pytest.approx(through, abs=1e-12)


def test_every_way_of_estimation_says_when_to_use_it() -> None:
    assert [advice.method for advice in ADVICE] == ["two-stage", "repeated", "three-stage"]
    assert all(advice.use_when and advice.beware and advice.source for advice in ADVICE)


def test_products_do_not_go_with_corrected_stages_or_item_products_of_dimensions() -> None:
    text = HIGHER.replace(
        "Loyalty ~ Satisfaction", "Loyalty ~ Satisfaction + Quality + Satisfaction:Quality"
    )
    with pytest.raises(ModelError, match="corrected correlations"):
        fit_pls(mobi(), text, higher_order="three-stage")
    with pytest.raises(ModelError, match="two-stage"):
        fit_pls(mobi(), text, interaction="orthogonal")


@pytest.mark.parametrize("higher_order", ["two-stage", "repeated", "three-stage"])
def test_constructs_that_bear_their_items_names_give_the_same_numbers(higher_order: str) -> None:
    data = mobi()
    base = fit_pls(data, HIGHER, higher_order=higher_order)  # type: ignore[arg-type]
    named = data.rename(columns={"IMAG1": "Image", "CUSCO": "Complaints", "CUEX2": "Expectation"})
    text = (
        HIGHER.replace("IMAG1", "Image")
        .replace("CUSCO", "Complaints")
        .replace("CUEX2", "Expectation")
    )
    fit = fit_pls(named, text, higher_order=higher_order)  # type: ignore[arg-type]
    assert fit.paths["estimate"].tolist() == base.paths["estimate"].tolist()
    assert fit.reliability.to_numpy() == pytest.approx(base.reliability.to_numpy())
    assert fit.fit["structural"] == pytest.approx(base.fit["structural"])


@pytest.mark.parametrize("operator", ["=~", "<~"])
def test_equal_weights_above_dimensions_keep_the_direction_of_their_arrows(operator: str) -> None:
    text = HIGHER.replace(
        "Satisfaction <~ Image + Value", f"Satisfaction {operator} 1*Image + 1*Value"
    )
    arrows = set(repeated_paths(read_model(text)))
    upward = ("Image", "Satisfaction") in arrows
    assert upward == (operator == "<~")
    fit = fit_pls(mobi(), text)
    assert fit.scores is not None
    both = fit.scores["Image"] + fit.scores["Value"]
    assert np.corrcoef(both, fit.scores["Satisfaction"])[0, 1] == pytest.approx(1.0)
