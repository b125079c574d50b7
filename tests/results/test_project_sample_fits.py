"""Two levels of a project's model, and results of too few respondents."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from surveyapp.errors import Conflict
from surveyapp.results.projects.sample_fits import fit_levels
from surveyapp.results.projects.suppression import refuse_few, refuse_few_in_effect
from surveyapp.store.models import ProjectModel


def test_two_levels_treat_missing_answers_as_their_model_and_say_what_they_leave_out():
    draw = np.random.default_rng(7)
    branch = np.repeat(np.arange(20), 8)
    true = draw.normal(size=20)[branch] + draw.normal(size=160)
    data = pd.DataFrame({f"x{k}": true + draw.normal(size=160) for k in (1, 2, 3)})
    data.loc[::10, "x1"] = np.nan
    data["branch"], data["region"] = branch, branch % 2
    chosen = {"estimator": "ML", "missing": "fiml", "group": "region", "std_lv": False}
    model = ProjectModel(kind="covariance", text="f =~ x1 + x2 + x3", options=chosen)
    found = fit_levels(data, model, {"cluster": "branch"})
    assert found["n"] == 160
    assert "the model's groups by region are taken together" in found["warnings"]
    model.options = chosen | {"estimator": "WLSMV", "missing": "pairwise"}
    with pytest.raises(Conflict, match="fit the model by one of them first"):
        fit_levels(data, model, {"cluster": "branch"})


def test_a_result_of_fewer_respondents_than_may_be_told_of_is_refused():
    refuse_few({"n": 5}, 5)
    refuse_few({"n": (3, 4)}, 5)  # of groups, which are looked at before
    with pytest.raises(Conflict, match="Fewer than 5 respondents"):
        refuse_few({"n": np.int64(4)}, 5)


def test_weights_by_which_a_few_respondents_carry_the_result_are_refused():
    data = pd.DataFrame({"w": [1.0] * 40, "region": ["North", "South"] * 20})
    weighted = {"weights": "w"}
    refuse_few_in_effect(data, weighted, "region", 5)
    data.loc[0, "w"] = 1e4  # in effect the only one in the North
    for group in ("region", None):
        with pytest.raises(Conflict, match="fewer than 5 respondents carry"):
            refuse_few_in_effect(data, weighted, group, 5)
    refuse_few_in_effect(data, {}, "region", 5)
