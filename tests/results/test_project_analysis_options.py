"""What may be chosen for a further analysis of a model."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.projects.analysis_options import ANSWERS, chosen_of, in_words, plannable
from surveyapp.results.projects.variables import Variables
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
