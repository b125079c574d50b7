"""The ways into a survey beside its links: embedded in other pages, on a kiosk, and where it ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import SurveyRow

MOST_ORIGINS = 20
_LONGEST_URL = 500
_LOOPBACK = ("localhost", "127.0.0.1")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True)
class Channels:
    """What a survey allows.

    ``embed_origins`` are those of pages that may show the survey inside themselves; none: none may.
    A kiosk begins anew so many seconds after its thanks, and after so many without a touch.
    ``end_url`` is where the page of thanks leads to; empty: nowhere.
    """

    embed_origins: tuple[str, ...] = ()
    kiosk: bool = False
    kiosk_seconds: int = 10
    kiosk_idle_seconds: int = 60
    end_url: str = ""


def read_channels(raw: Mapping[str, Any]) -> Channels:
    """The ways in a survey's document; Invalid, with the field, for what cannot be meant."""
    unknown = set(raw) - set(Channels.__dataclass_fields__)
    if unknown:
        raise Invalid(f"There is no distribution setting {sorted(unknown)[0][:40]!r}.")
    return Channels(
        embed_origins=_origins(raw.get("embed_origins") or ()),
        kiosk=bool(raw.get("kiosk", False)),
        kiosk_seconds=_seconds(raw, "kiosk_seconds", 3, 120),
        kiosk_idle_seconds=_seconds(raw, "kiosk_idle_seconds", 30, 900),
        end_url=_address(str(raw.get("end_url") or "")),
    )


def change_channels(
    session: Session,
    survey: SurveyRow,
    raw: Mapping[str, Any],
    *,
    end_hosts: Collection[str],
    user_id: int | None,
) -> Channels:
    """Allow these ways from now on; what ``raw`` does not name stays.

    ``end_hosts`` are the hosts that a survey may lead to. Raises Invalid as ``read_ways`` does, and
    for an end elsewhere.
    """
    ways = read_channels({**survey.channels, **raw})
    if ways.end_url and not leads_to(ways.end_url, end_hosts):
        allowed = ", ".join(sorted(end_hosts)) or "none; set SURVEYAPP_END_HOSTS to allow hosts"
        raise Invalid(
            f"Surveys cannot redirect to {urlsplit(ways.end_url).hostname}; allowed: {allowed}.",
            field="end_url",
        )
    survey.channels = {**asdict(ways), "embed_origins": list(ways.embed_origins)}
    record(session, user_id, "change ways in", f"survey {survey.code}", **survey.channels)
    session.flush()
    return ways


def leads_to(url: str, hosts: Collection[str]) -> bool:
    """Whether an address lies on one of these hosts; asked again whenever it is shown."""
    return urlsplit(url).hostname in hosts


def _origins(texts: Sequence[Any]) -> tuple[str, ...]:
    if len(texts) > MOST_ORIGINS:
        raise Invalid(
            f"There are {len(texts)} origins; use at most {MOST_ORIGINS}.", field="embed_origins"
        )
    return tuple(dict.fromkeys(_origin(str(text).strip()) for text in texts))


def _origin(text: str) -> str:
    """An origin as browsers write it: scheme, host, and a port that is not the scheme's own."""
    try:
        parts = urlsplit(text.lower())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    only = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in text
    scheme = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not (only and scheme and _HOST.fullmatch(host)):
        raise Invalid(
            f"{text[:80]!r} is not an origin; write it like"
            " https://www.northbank.example, without a path. Only https is accepted.",
            field="embed_origins",
        )
    own = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, own} else "")


def _address(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    clean = text.isprintable() and not any(sign in text for sign in ' "<>\\^`{|}')
    fits = parts.scheme == "https" and _HOST.fullmatch(host) and port is None
    if not (fits and clean and "@" not in parts.netloc and len(text) <= _LONGEST_URL):
        raise Invalid(
            f"{text[:80]!r} is not a URL to redirect to; write it like"
            " https://www.northbank.example/thanks.",
            field="end_url",
        )
    return text


def _seconds(raw: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = raw.get(name, getattr(Channels, name))
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Invalid(
            f"{str(value)[:20]!r} seconds is out of range; use {least} to {most}.", field=name
        )
    return value
