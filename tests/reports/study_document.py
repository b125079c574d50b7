"""A study's document of a known population, computed once a test process."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from instruments.loader import BUILT_IN
from surveyapp.results.analyses.studies import journey_scales, study_document
from tests.analysis.sjq_population import answers


@lru_cache(maxsize=1)
def _text() -> str:
    return json.dumps(
        study_document(
            answers(150, seed=3),
            journey=journey_scales(None, library=BUILT_IN),
            bootstrap=100,
            seed=1,
            progress=lambda *_: None,
        )
    )


def document() -> dict[str, Any]:
    """150 customers, 100 resamples; a fresh copy each time."""
    return dict(json.loads(_text()))
