"""Any number of a validation that its document calls undefined leaves a report that can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from analysis.scale.document import ScaleValidation
from analysis.scale.registry import sections
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Number
from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from surveyapp.reports.charts.path_diagram import path_diagram
from surveyapp.reports.document import Table
from surveyapp.reports.files.csv_tables import csv_text
from surveyapp.reports.journeys import annex
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.cfa_diagram import cfa_diagram
from surveyapp.reports.validation.content import content
from tests.analysis.data_sets import SJQ_MODEL, simulated

pytestmark = pytest.mark.xdist_group("validations")  # computed once a process

MADE = date(2026, 11, 22)
SECTIONS = {kind.name: kind for kind in sections()}


@lru_cache(maxsize=1)
def validated() -> str:
    """Every section filled: gaps, groups, a marker, and rows that look careless."""
    data, rng = simulated(240), np.random.default_rng(1)
    items = [item for members in SJQ_MODEL.values() for item in members]
    data["g"] = ["x", "y"] * 120
    data["m1"] = rng.normal(size=240)
    data["m2"] = data["m1"] + rng.normal(size=240)
    data.loc[:3, items] = 4.0
    data.loc[50:62, items[2]] = np.nan  # more than 5 %, from where on both treatments are compared
    found = validate_scale(
        data,
        model=SJQ_MODEL,
        group="g",
        marker=["m1", "m2"],
        draws=20,
        reps=50,
        cutoffs=100,
    )
    return json.dumps(found.to_dict(), allow_nan=False)


def undefined(value: Any, kind: Any) -> Any:
    """The value with None for every number that may be None."""
    if value is None or kind == Number:
        return None
    if get_origin(kind) in (Union, UnionType):
        (kind,) = [one for one in get_args(kind) if one is not type(None)]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        if only := getattr(kind, "json_field", None):
            return undefined(value, hints[only])
        return {key: undefined(one, hints[key]) for key, one in value.items()}
    if get_origin(kind) is tuple:
        return [undefined(one, get_args(kind)[0]) for one in value]
    if get_origin(kind) is Mapping:
        return {key: undefined(one, get_args(kind)[1]) for key, one in value.items()}
    return value


def read(document: dict[str, Any]) -> None:
    found = ScaleValidation.from_dict(document)
    study = Study(found, "Journey", "Bank", None, None, MADE, library=BUILT_IN)
    blocks = [*content(study, made=MADE).blocks, *annex.reliability((found, MADE))]
    for table in blocks:
        if isinstance(table, Table):
            assert all(isinstance(text, str | tuple) for row in table.rows for text in row)
            assert "None" not in csv_text(table)


def test_the_document_has_every_section() -> None:
    document = json.loads(validated())
    empty = {name for name in SECTIONS if not document[name]}
    assert empty <= {"bifactor", "esem"}
    assert undefined(document["cfa"], SECTIONS["cfa"]) != document["cfa"]


def test_conclusions_without_their_numbers_are_reported() -> None:
    document = json.loads(validated())
    for row in document["conclusions"]:
        row |= {"value": None, "holds": None}
    read(document)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_without_its_numbers_is_reported(name: str) -> None:
    document = json.loads(validated())
    document[name] = undefined(document[name], SECTIONS[name])
    read(document)


def test_a_factor_may_bear_an_items_name_in_the_drawing() -> None:
    model = {"seamlessness": ("sea1", "sea2", "sea3"), "coh1": ("coh1",)}
    cfa = validate_scale(simulated(200), model=model, draws=20, reps=20)[CfaSection]
    drawn = path_diagram(cfa_diagram(cfa))
    assert "coh1 to coh1: 1.00" in drawn and "Seamlessness to sea1" in drawn
