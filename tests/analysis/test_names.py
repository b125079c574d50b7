"""A column is found by its name in every script, however the system composes its letters."""

from __future__ import annotations

import unicodedata

import pytest

from analysis.composite.pls import fit_pls
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.sem import fit_sem
from analysis.errors import ModelError
from tests.analysis.data_sets import holzinger

HINDI = {"x1": "गुणवत्ता", "x2": "सेवा", "x3": "मूल्य_३"}
FINNISH = {"x1": "käyttö", "x2": "näkö", "x3": "työ.1"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("names", [HINDI, FINNISH], ids=["Hindi", "Finnish"])
def test_names_fit_in_either_composition(names: dict[str, str], form: str) -> None:
    typed = {x: unicodedata.normalize(form, name) for x, name in names.items()}  # type: ignore[arg-type]
    data = holzinger().rename(columns=typed)
    for other in ("NFC", "NFD"):
        text = unicodedata.normalize(other, f"f =~ {' + '.join(names.values())}; f ~ ageyr")  # type: ignore[arg-type]
        fit = fit_sem(data, text)
        assert fit.fit["logl"] == fit_sem(holzinger(), "f =~ x1 + x2 + x3; f ~ ageyr").fit["logl"]
    composite = fit_pls(data, f"A <~ {' + '.join(names.values())}; B =~ x4 + x5; B ~ A")
    assert composite.n == 301


def test_a_grouping_column_is_found_in_either_composition() -> None:
    data = holzinger().rename(columns={"school": unicodedata.normalize("NFD", "lycée")})
    found = invariance(data, "f =~ x1 + x2 + x3 + x4", "lycée", steps=("configural", "metric"))
    assert found.groups == ("Pasteur", "Grant-White")


def test_a_sign_that_is_no_letter_is_named_with_its_place() -> None:
    with pytest.raises(ModelError, match="line 1, column 8: '×' has no meaning"):
        fit_sem(holzinger(), "f =~ x1×x2")
