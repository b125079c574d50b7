"""Short codes for journeys, stages, touchpoints and segments: what files and commands call them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from surveyapp.errors import Invalid

LONGEST = 60
_CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def read_code(code: str) -> str:
    """The code, or Invalid when it is none."""
    code = code.strip()
    if len(code) > LONGEST or not _CODE.fullmatch(code):
        raise Invalid(
            f"{code[:70]!r} is no code; use up to {LONGEST} small letters, digits and single hyphens,"
            " such as first-visit.",
            field="code",
        )
    return code


def code_from(name: str, taken: Collection[str], *, fallback: str) -> str:
    """A free code made from a name; ``fallback`` where the name has no Latin letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = "-".join(re.findall(r"[a-z0-9]+", plain))[: LONGEST - 5].strip("-") or fallback
    code, number = stem, 2
    while code in taken:
        code, number = f"{stem}-{number}", number + 1
    return code
