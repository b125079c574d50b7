"""The channels of a survey beside its links: embedded in other pages, on a kiosk, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from surveyapp.errors import Invalid
from surveyapp.page_origins import HOST, read_origin
from surveyapp.surveys.settings.document import Document, about, limited, stripped

_LONGEST_URL = 500


def _origins(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read_origin(text, field="embed_origins") for text in texts))


def _is_address(_instance: Any, _attribute: Attribute[str], text: str) -> None:
    """Refuse what is no plain https address."""
    if not text:
        return
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    clean = text.isprintable() and not any(sign in text for sign in ' "<>\\^`{|}')
    fits = parts.scheme == "https" and HOST.fullmatch(host) and port is None
    if not (fits and clean and "@" not in parts.netloc and len(text) <= _LONGEST_URL):
        raise Invalid(
            f"{text[:80]!r} is not a URL to redirect to; write it like"
            " https://www.northbank.example/thanks.",
            field="end_url",
        )


@frozen
class Channels(Document):
    """What a survey allows.

    ``embed_origins`` are those of pages that may show the survey inside themselves; none: none may.
    A kiosk begins anew so many seconds after its thanks, and after so many without a touch.
    ``end_url`` is where the page of thanks leads to; empty: nowhere.
    """

    title: ClassVar[str] = "Distribution"

    embed_origins: tuple[str, ...] = field(
        default=(),
        converter=_origins,
        validator=limited,
        metadata=about(
            "Pages that embed the survey",
            "One origin per line, such as https://www.northbank.example. Browsers refuse to embed it"
            " in any other page.",
            most=20,
        ),
    )
    kiosk: bool = field(default=False, metadata=about("Allow this survey on a kiosk"))
    kiosk_seconds: int = field(
        default=10,
        validator=limited,
        metadata=about("Seconds to show the thank-you page", "{limits}.", least=3, most=120),
    )
    kiosk_idle_seconds: int = field(
        default=60,
        validator=limited,
        metadata=about(
            "Seconds of inactivity before it restarts",
            "{limits}. A warning is shown 20 seconds before.",
            least=30,
            most=900,
        ),
    )
    end_url: str = field(
        default="",
        converter=stripped,
        validator=_is_address,
        metadata=about(
            "Redirect URL",
            "https only. The thank-you page shows a link; customers are not redirected"
            " automatically.",
            most=_LONGEST_URL,
        ),
    )
