"""The demonstration's study population holds the printed paths."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from instruments.answers import Answers, read
from instruments.loader import BUILT_IN
from surveyapp.demo import study

TODAY = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_journey_quality_reaches_service_and_loyalty_by_the_printed_paths():
    true = study.felt(np.random.default_rng(1), 200_000)
    for at, (_, path, _) in enumerate(study.TO_SERVICE.values()):
        assert np.corrcoef(true.journey, true.service[:, at])[0, 1] == pytest.approx(path, abs=0.01)
    quality = true.service.mean(axis=1)
    quality = quality / quality.std()
    assert np.corrcoef(true.journey, quality)[0, 1] ** 2 == pytest.approx(0.53, abs=0.01)
    predictors = np.column_stack([true.journey, quality])
    direct, through = np.linalg.lstsq(predictors, true.loyal, rcond=None)[0]
    assert (direct, through) == (pytest.approx(0.26, abs=0.01), pytest.approx(0.58, abs=0.01))
    for values in (true.journey, true.loyal, true.marker, *true.service.T):
        assert values.std() == pytest.approx(1, abs=0.01)
    assert np.corrcoef(true.journey, true.marker)[0, 1] == pytest.approx(0.1, abs=0.01)


def test_240_customers_answer_everything_in_the_instruments_own_values():
    asks = list(study.draw(np.random.default_rng(2), today=TODAY))
    answered = [ask.answers for ask in asks if ask.answers is not None]
    assert (len(asks), len(answered)) == (600, 240)
    assert all(ask.at < TODAY for ask in asks)
    for code in ("sjq", "servqual-p", "loyalty", "marker"):
        instrument = BUILT_IN.load(code)
        for given in answered:
            values = {item: str(value) for item, value in given[code].items()}
            assert isinstance(read(instrument, values), Answers)
    assert set(answered[0]["servqual-p"]) == {
        item.code for item in BUILT_IN.load("servqual-p").items
    }
