"""Every block of Python in the documentation runs, or belongs to a recipe that a test follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.loader import BUILT_IN
from surveyapp.webhooks import signing
from tests import test_recipes
from tests.analysis.classic_data import holzinger
from tests.analysis.sjq_population import answers
from tests.analysis.two_level_numbers import branches
from tests.docs.pages import every_block

RECIPES = "docs/recipes.md"
# What an example takes as given, by what it calls.
GIVEN: Mapping[str, Callable[[], dict[str, Any]]] = {
    "fit_sem(": lambda: {"data": holzinger()},
    "fit_two_level(": lambda: {"data": branches()},
    "validate_scale(": lambda: {"data": _timed(), "load": BUILT_IN.load},
    "fit_pls(": lambda: {"answers": answers(300, seed=1)},
}


def _timed() -> pd.DataFrame:
    """Answers to the SJQ with a segment, a marker scale and the seconds that each took."""
    rng = np.random.default_rng(1)
    data = answers(240, seed=1)
    for name in ("mk1", "mk2", "mk3"):
        data[name] = rng.integers(1, 8, len(data))
    data["segment"] = rng.choice(["north", "south"], len(data))
    data["took"] = rng.uniform(60, 300, len(data))
    return data


EXAMPLES = [(page, code) for page, code in every_block("python") if page != RECIPES]


@pytest.mark.parametrize(("page", "code"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_an_example_runs(page: str, code: str):
    space: dict[str, Any] = {}
    for called, given in GIVEN.items():
        if called in code:
            space |= given()
    exec(compile(code, page, "exec"), space)  # noqa: S102 - our own pages


def test_every_block_of_a_recipe_is_a_file_that_its_test_writes():
    written = {
        code
        for title in test_recipes.TITLES
        for path, _, code in test_recipes.steps(title)
        if path.endswith(".py")
    }
    assert {code for page, code in every_block("python") if page == RECIPES} == written


def test_the_example_that_checks_a_signature_accepts_ours_and_no_other():
    space: dict[str, Any] = {}
    example = next(code for page, code in EXAMPLES if page == "docs/webhooks.md")
    exec(compile(example, "docs/webhooks.md", "exec"), space)  # noqa: S102 - our own page
    secret, other = (signing.secret_of("k" * 40, signing.new_seed()) for _ in range(2))
    body, names = b'{"type": "response"}', {"event": "response", "event_id": "e", "delivery": "d"}
    now = signing.headers([other, secret], body, **names, now=datetime.now(UTC))
    old = signing.headers([secret], body, **names, now=datetime(2026, 1, 1, tzinfo=UTC))
    genuine = space["is_genuine"]
    assert genuine(secret, now, body) and genuine(other, now, body)
    assert not genuine(secret, now, body + b" ")
    assert not genuine("whsec_" + "0" * 64, now, body)
    assert not genuine(secret, old, body)
    assert not genuine(secret, {**now, "webhook-id": "another"}, body)
