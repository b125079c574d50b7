"""Results that earlier versions stored are read: what they lack was not computed then.

The files were written by those versions on the same 90 rows: ``first`` has neither conclusions nor
checks, ``before_groups`` no invariance and no second order, ``before_bifactor`` no bifactor model
and no check of alpha.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import UnreadableDocument
from analysis.scale.document import ScaleValidation
from analysis.scale.registry import sections
from analysis.scale.sections.bifactor import BifactorSection
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.sections.method_variance import MethodVarianceSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.sections.second_order import SecondOrderSection
from analysis.scale.validation import validate_scale
from tests.analysis.data_sets import HS_MODEL, holzinger

FOLDER = Path(__file__).parent / "stored_validations"
VERSIONS = ("first", "before_groups", "before_bifactor")


def stored(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{version}.json").read_text())
    return found


def contained(part: Any, whole: Any) -> bool:
    """Whether every key and value of ``part`` stands in ``whole``."""
    if isinstance(part, dict):
        return all(key in whole and contained(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(contained, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_number_of_an_earlier_version_is_read(version: str):
    document = stored(version)
    assert contained(document, ScaleValidation.from_dict(document).to_dict())


def test_what_a_version_did_not_compute_is_absent():
    first = ScaleValidation.from_dict(stored("first"))
    assert (first.conclusions, first.r_script) == ((), None)
    assert first.get(MethodVarianceSection) is None
    assert first[CfaSection].factor_correlation_intervals == ()
    assert (first.settings.estimator, first.settings.missing) == ("ML", "listwise")
    second = ScaleValidation.from_dict(stored("before_groups"))
    assert second.get(InvarianceSection) is None
    assert second.get(SecondOrderSection) is None
    assert second[MethodVarianceSection].marker_sequence is None
    assert second.settings.group == ()
    third = ScaleValidation.from_dict(stored("before_bifactor"))
    assert third.get(BifactorSection) is None
    assert len(third[InvarianceSection].ladders) == 1
    assert third[ReliabilitySection].rows[0].alpha_ordinal is not None


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    data = holzinger()
    return validate_scale(
        data, model={"visual": HS_MODEL["visual"]}, group="school", draws=20, reps=20
    ).to_dict()


def test_reading_gives_back_what_was_written(now: dict[str, Any]):
    again = ScaleValidation.from_dict(json.loads(json.dumps(now)))
    assert again.to_dict() == now
    assert ScaleValidation.from_dict(again.to_dict()) == again
    assert list(now)[1 : len(sections()) + 1] == [kind.name for kind in sections()]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format="scale-validation/9"), "format is 'scale-validation/9'"),
        (lambda d: d.pop("format"), "format is None where 'scale-validation/1' is needed"),
        (lambda d: d.update(tarot={"n": 1}), "document.tarot is {'n': 1} where nothing is needed"),
        (lambda d: d["cfa"].pop("n"), "cfa.n is None where a value is needed"),
        (lambda d: d["cfa"].update(n="300"), "cfa.n is '300' where int is needed"),
        (lambda d: d["items"][1].update(item=4), r"items\[1\].item is 4 where str is needed"),
        (lambda d: d["cfa"].update(converged=1), "cfa.converged is 1 where bool is needed"),
        (lambda d: d.update(htmt=[]), r"htmt is \[\] where an object is needed"),
        (lambda d: d.update(items={}), "items is {} where a list is needed"),
        (lambda d: d["cfa"]["fit"].update(cfi=True), "cfa.fit.cfi is True where float is needed"),
    ],
)
def test_a_document_of_another_shape_is_refused_with_place_value_and_cure(
    now: dict[str, Any], change: Any, says: str
):
    document = json.loads(json.dumps(now))
    change(document)
    with pytest.raises(UnreadableDocument, match=f"{says}.*; run the analysis again"):
        ScaleValidation.from_dict(document)
