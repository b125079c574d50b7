"""JSON documents as the database gives them, read several times as fast as by the standard library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

# Whole numbers beyond 64 bits would come back as rounded floats.
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19


def read_json(text: str | bytes) -> Any:
    """The value that a text of JSON stands for, exactly as ``json.loads`` gives it.

    What orjson refuses and Python writes (NaN, an infinity, half a surrogate pair) is read by ``json``,
    as is a text with very long numbers, which orjson rounds. Raises ValueError for what is no JSON.
    """
    data = text.encode() if isinstance(text, str) else text
    if _LONG_NUMBER in data.translate(_ZEROS):
        return json.loads(data)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def read_documents(column: Sequence[Any]) -> Sequence[Any]:
    """Documents as a driver gives them: SQLite keeps them as text, which is read in one go.

    Of texts that are mostly the same, equal ones become the same document, which nobody may change.
    """
    if not column or not isinstance(column[0], str):
        return column
    apart = list(dict.fromkeys(column))
    documents: Sequence[Any] = read_json(
        f"[{','.join(column if 2 * len(apart) > len(column) else apart)}]"
    )
    if len(documents) == len(column):
        return documents
    by_text = dict(zip(apart, documents, strict=True))
    return [by_text[text] for text in column]
