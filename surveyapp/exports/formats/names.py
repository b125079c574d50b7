"""Names and labels for formats that hold less than others; nothing is lost without a note."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable


def short_names(
    names: Iterable[str], *, most: int, allowed: str, reserved: Collection[str] = ()
) -> dict[str, str]:
    """A name of at most ``most`` characters for each, in their order; no two alike, whatever capitals.

    ``allowed`` are the signs, as inside brackets of a regular expression, that may stand in one beside
    ASCII letters and digits; it begins with a letter and ends with a letter or digit. ``reserved`` are
    words in capitals that cannot be names. Other letters lose their marks (é is e); what has none left
    is named by its place: v12.
    """
    given: dict[str, str] = {}
    taken = {word.lower() for word in reserved}
    for place, name in enumerate(names, start=1):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        kept = re.sub(rf"[^A-Za-z0-9{allowed}]+", "_", plain).strip("._")
        if not kept[:1].isalpha() or not _says_much(name, plain):
            kept = (
                f"v{place}_{kept}".rstrip("_") if kept and _says_much(name, plain) else f"v{place}"
            )
        short, number = kept[:most].rstrip("._"), 1
        while short.lower() in taken:
            number += 1
            end = f"_{number}"
            short = kept[: most - len(end)].rstrip("._") + end
        taken.add(short.lower())
        given[name] = short
    return given


def _says_much(name: str, plain: str) -> bool:
    """Whether most of a name's letters are left; of an Arabic one a lone digit says nothing."""
    letters = sum(sign.isalnum() for sign in name)
    return sum(sign.isalnum() for sign in plain) * 2 > letters


def cut(text: str, most: int, *, in_bytes: bool) -> str:
    """The text with at most ``most`` bytes of UTF-8, or characters, ending in "…" where it was longer."""
    if (len(text.encode()) if in_bytes else len(text)) <= most:
        return text
    if not in_bytes:
        return text[: most - 1] + "…"
    return text.encode()[: most - len("…".encode())].decode(errors="ignore") + "…"
