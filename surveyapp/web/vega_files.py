"""Vega's programs, which draw the explore page: where each comes from stands in their folder."""

from __future__ import annotations

# In the order in which a browser runs them. A version is in its file's name.
VEGA = ("vega-6.4.0.min.js", "vega-lite-6.5.0.min.js", "vega-embed-7.3.0.min.js")
FOLDER = "vega/"


def headers_of(name: str) -> dict[str, str]:
    """What lets browsers keep these programs, large as they are; nothing for any other file."""
    if name.removeprefix(FOLDER) not in VEGA:
        return {}
    return {"Cache-Control": "public, max-age=31536000, immutable"}
