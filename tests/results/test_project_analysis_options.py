"""What may be chosen for a further analysis of a model."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.projects.analysis_options import (
    ANSWERS,
    FACTORS,
    WAVE,
    chosen_of,
    in_words,
    plannable,
)
from surveyapp.results.projects.variables import Variable, Variables
from surveyapp.store.models import ProjectModel

OPTIONS = {"answers": ANSWERS}


def test_samples_of_cutoffs_are_those_that_the_models_estimator_has():
    numbers, ordinal = (ProjectModel(options={"estimator": each}) for each in ("MLR", "WLSMV"))
    known = Variables({}, ())
    assert plannable(OPTIONS)
    assert chosen_of(OPTIONS, {}, numbers, known) == chosen_of(OPTIONS, {}, ordinal, known) == {}
    chosen = chosen_of(OPTIONS, {"answers": "bootstrap"}, numbers, known)
    assert in_words("Cut-offs", OPTIONS, chosen) == "Cut-offs, from the rows, drawn again"
    with pytest.raises(Invalid, match="those of ordinal items"):
        chosen_of(OPTIONS, {"answers": "likert"}, ordinal, known)


def test_numbers_of_factors_are_those_of_which_the_items_can_be_made():
    text = "f =~ " + " + ".join(f"x{at}" for at in range(8))
    model = ProjectModel(kind="covariance", text=text, options={})
    offered = FACTORS.offered(model, Variables({}, ()))
    assert list(offered) == ["", *map(str, range(1, 9))]
    assert (offered["1"], offered["4"]) == ("1 factor", "4 factors")
    assert offered["5"] == "5 factors (by principal components alone)"


def test_no_column_by_which_rows_were_drawn_is_offered_as_a_wave():
    items = {name: Variable(name, "", name, name, (1, 5)) for name in ("x1", "x2", "w", "when")}
    known = Variables(items, ("region", "branch"), person="who")
    options = {"weights": "w", "cluster": "branch"}
    model = ProjectModel(kind="covariance", text="f =~ x1 + x2", options=options)
    assert list(WAVE.offered(model, known)) == ["region", "when"]
