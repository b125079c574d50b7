"""The page of a scale validation shows every drawing of its report, drawn once a result."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.store.models import Analysis, Journey
from surveyapp.web.chapters import told
from tests.results.study_place import ITEMS, make_study, people
from tests.web.world import add_user


@lru_cache(maxsize=1)
def validated() -> dict[str, Any]:
    data = people(150)[list(ITEMS["sjq"])]
    return validate_scale(data, BUILT_IN.load("sjq"), draws=50).to_dict()


@pytest.fixture
def page(installation: Installation, sign_in) -> tuple[FlaskClient, str]:
    """A reader, and the address of a finished validation."""
    with installation.store.writing() as session:
        journey_id = make_study(session, people(0)).journey_id
        analysis = Analysis(
            kind="validate_scale",
            journey_id=journey_id,
            instrument="sjq",
            result=validated(),
            fingerprint=validated()["fingerprint"],
        )
        session.add(analysis)
        session.flush()
        user, address = (
            add_user(session, "researcher"),
            f"/journeys/{journey_id}/analyses/{analysis.id}",
        )
    return sign_in(user), address


def test_scree_model_loadings_residuals_and_htmt_are_drawn(page: tuple[FlaskClient, str]):
    reader, address = page
    text = reader.get(address).text
    titles = [unescape(each) for each in re.findall(r"<figcaption>(.*?)</figcaption>", text)]
    assert len(titles) == 5
    assert titles[0] == "All three rules find the 3 factors that the scale intends"
    assert titles[2].startswith("16 items show 3 factors that correlate .5")
    assert "residual correlation" in titles[3] and "HTMT" in titles[4]
    assert "style=" not in text
    label = re.search(r'aria-label="(Path diagram[^"]+)"', text)
    assert label is not None
    for row in validated()["cfa"]["loadings"]:
        assert f"to {row['item']}: {row['std_all']:.2f}".replace("0.", ".") in label[1]


def test_a_result_is_drawn_once(page: tuple[FlaskClient, str], installation: Installation):
    reader, address = page
    reader.get(address)
    with installation.store.reading() as session:
        analysis = session.get_one(Analysis, int(address.rsplit("/", 1)[1]))
        journey = session.get_one(Journey, analysis.journey_id)
        assert told(analysis, journey, BUILT_IN) is told(analysis, journey, BUILT_IN)
    with installation.store.reading() as session:
        again = session.get_one(Analysis, analysis.id)
        assert told(again, journey, BUILT_IN) is told(analysis, journey, BUILT_IN)


def test_a_result_that_cannot_be_read_says_what_to_do(
    page: tuple[FlaskClient, str], installation: Installation
):
    reader, address = page
    with installation.store.writing() as session:
        analysis = session.get_one(Analysis, int(address.rsplit("/", 1)[1]))
        analysis.result = {**validated(), "format": "scale-validation/9"}
        analysis.fingerprint = "another"
    answer = reader.get(address)
    assert answer.status_code == 409
    assert "format is &#39;scale-validation/9&#39;" in answer.text
    assert "run the analysis again" in answer.text
    assert reader.get(f"{address}.json").json["format"] == "scale-validation/9"
