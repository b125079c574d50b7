"""Faces beside the words of an emotion: lines in a square of 32, drawn in the colour of the text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_EYES = "M11 13.2v1.2M21 13.2v1.2"
FACES: Mapping[str, str] = MappingProxyType(
    {
        "frustrated": f"{_EYES}M8.5 8.5l3.8 1.8M23.5 8.5l-3.8 1.8M10.5 23q5.5-5 11 0",
        "confused": f"{_EYES}M18.6 9q2.4-1.6 4.8 0M10.5 22q2.75-3 5.5 0t5.5 0",
        "neutral": f"{_EYES}M10.5 21.5h11",
        "satisfied": f"{_EYES}M10.5 20q5.5 5 11 0",
        "delighted": "M9 13.5q2-3 4 0M19 13.5q2-3 4 0M9.5 19h13q-1 6.5-6.5 6.5t-6.5-6.5z",
    }
)
