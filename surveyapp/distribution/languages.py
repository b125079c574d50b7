"""The languages in which a deployment's customers are written to: those that its page speaks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from surveyapp.responses.reading import asked_instrument
from surveyapp.store.models import Deployment
from surveyapp.surveys import languages


def offered(deployment: Deployment, roots: Sequence[str | Path]) -> tuple[str, ...]:
    """The deployment's own language first, then the others that customers may choose."""
    instruments = [asked_instrument(ask, roots) for ask in deployment.asks]
    return languages.offered(deployment.languages, instruments, deployment.language)
