"""Personas for programs, the same from the page and from the API."""

from __future__ import annotations

from typing import Any

from surveyapp.journeys.personas import EMPATHY
from surveyapp.store.models import Persona

_TEXTS = ("demographics", "goals", "needs", *EMPATHY)


def persona_to_json(persona: Persona) -> dict[str, Any]:
    """A persona without the numbers and quotes of its segment."""
    return {
        "id": persona.id,
        "name": persona.title,
        "segment": persona.segment.code if persona.segment else None,
        **{name: getattr(persona, name) or None for name in _TEXTS},
        "picture": persona.picture_alt or None,
    }
