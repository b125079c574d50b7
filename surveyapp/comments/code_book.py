"""A journey's code book: codes under themes under dimensions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import CommentCode, Journey

MOST_CODES = 200
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_TEXTS = {"name": 200, "definition": 2000, "theme": 200, "dimension": 200}


def codes_of(session: Session, journey_id: int, *, retired: bool = True) -> list[CommentCode]:
    """The codes of a journey by dimension, theme and name."""
    query = select(CommentCode).where(CommentCode.journey_id == journey_id)
    if not retired:
        query = query.where(CommentCode.retired.is_(False))
    order = (CommentCode.dimension, CommentCode.theme, CommentCode.name)
    return list(session.scalars(query.order_by(*order)))


def themes_of(book: Sequence[CommentCode]) -> list[str]:
    """The themes of a code book, each once."""
    return sorted({each.theme for each in book} - {""})


def codes_under(
    book: Sequence[CommentCode], *, code: str = "", theme: str = ""
) -> frozenset[int] | None:
    """The numbers of the codes called so and under this theme; None where neither is asked for.

    Raises Invalid for a code or theme that the book does not have.
    """
    if not code and not theme:
        return None
    if code and code not in {each.code for each in book}:
        raise Invalid(f"code={code[:60]} is not in the code book; choose from the list.")
    if theme and theme not in themes_of(book):
        raise Invalid(
            f"theme={theme[:60]} is not in the code book, or not any more; choose from the list."
        )
    return frozenset(
        each.id for each in book if code in ("", each.code) and theme in ("", each.theme)
    )


def code_of(session: Session, journey_id: int, code_id: int) -> CommentCode:
    """A code of this journey. Raises NotFound."""
    code = session.get(CommentCode, code_id)
    if code is None or code.journey_id != journey_id:
        raise NotFound("There is no such code in this journey's code book.")
    return code


def add_code(
    session: Session, journey: Journey, raw: Mapping[str, Any], *, user_id: int | None
) -> CommentCode:
    """A new code. Raises Invalid for a code that is taken or has other signs, and a missing name."""
    given = str(raw.get("code", "")).strip()
    if not _CODE.fullmatch(given):
        raise Invalid(
            f"{given[:60]!r} is no code; use small letters, digits, - and _, 60 at most, such as"
            " long_wait.",
            field="code",
        )
    known = codes_of(session, journey.id)
    if any(each.code == given for each in known):
        raise Invalid(f"The code book has a code {given} already; choose another.", field="code")
    if len(known) >= MOST_CODES:
        raise Invalid(f"A code book has at most {MOST_CODES} codes.", field="code")
    code = CommentCode(journey_id=journey.id, code=given, **_texts(raw))
    session.add(code)
    record(session, user_id, "add comment code", f"journey {journey.code}", code=given)
    session.flush()
    return code


def change_code(
    session: Session,
    journey: Journey,
    code: CommentCode,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
) -> None:
    """Change what a code is called and means, or retire it; its own word stays, as exports use it."""
    for name, text in _texts(raw).items():
        setattr(code, name, text)
    code.retired = bool(raw.get("retired", False))
    said = {"code": code.code, "retired": code.retired}
    record(session, user_id, "change comment code", f"journey {journey.code}", **said)
    session.flush()


def _texts(raw: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: " ".join(str(raw.get(name) or "").split()) for name in _TEXTS}
    if not texts["name"]:
        raise Invalid("Enter a name for the code.", field="name")
    for name, most in _TEXTS.items():
        if len(texts[name]) > most:
            raise Invalid(f"{len(texts[name])} characters; use at most {most}.", field=name)
    return texts
