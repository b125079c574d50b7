"""SortableJS, which drags on the map: where it comes from stands in its folder."""

from __future__ import annotations

# A version is in its file's name, so that browsers may keep it.
SORTABLE = "sortablejs-1.15.7.min.js"
FOLDER = "sortable/"


def headers_of(name: str) -> dict[str, str]:
    """What lets browsers keep the program; nothing for any other file."""
    if name != FOLDER + SORTABLE:
        return {}
    return {"Cache-Control": "public, max-age=31536000, immutable"}
