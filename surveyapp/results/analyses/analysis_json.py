"""Stored analyses as other programs read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from surveyapp.results.analyses.staleness import Staleness
from surveyapp.store.models import Analysis

KINDS: Mapping[str, str] = MappingProxyType(
    {"validate_scale": "validation", "sjq_study": "study"}
)  # as they are stored, and as programs call them
WAITING, RUNNING, DONE, FAILED = STATES = ("waiting", "running", "done", "failed")


def analysis_state(analysis: Analysis) -> str:
    """``waiting`` for a worker, ``running``, ``done``, or ``failed``, as one that was cancelled is."""
    if analysis.result is not None:
        return DONE
    state = analysis.job.state if analysis.job is not None else FAILED
    return state if state in (WAITING, RUNNING) else FAILED


def analysis_to_json(analysis: Analysis, since: Staleness | None) -> dict[str, Any]:
    """The analysis with how far it is, without its result; ``since`` is what happened to its answers."""
    job, state = analysis.job, analysis_state(analysis)
    return {
        "id": analysis.id,
        "kind": KINDS[analysis.kind],
        "survey": analysis.survey.code if analysis.survey else None,
        "instrument": analysis.instrument,
        "segment": analysis.segment.code if analysis.segment else None,
        "options": _options(analysis),
        "state": state,
        "percent": 100 if state == DONE else job.percent if job is not None else 0,
        "step": job.step if job is not None and state == RUNNING else "",
        "error": (job.error if job is not None else "") or None if state == FAILED else None,
        "answers_changed": since.corrected if since else 0,
        "answers_erased": since.erased if since else 0,
        "created_at": analysis.created_at,
        "fingerprint": analysis.fingerprint,
        "versions": analysis.versions,
    }


def _options(analysis: Analysis) -> dict[str, Any]:
    """What was chosen, in the words of a request."""
    asked = analysis.parameters
    if KINDS[analysis.kind] == "study":
        return {"bootstrap": asked["bootstrap"]}
    return {
        "group": list(asked.get("group") or ()),
        "marker": asked.get("marker") is not None,
        "estimator": asked.get("estimator", "ML"),
        "missing": asked.get("missing", "listwise"),
        "reverse": list(asked.get("reverse") or ()),
        "without_flagged": bool(asked.get("without_flagged")),
        "cutoffs": bool(asked.get("cutoffs")),
        "esem": bool(asked.get("esem")),
    }
