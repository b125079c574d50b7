"""A form's field for a day."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import DateField


class DayField(DateField):  # type: ignore[misc]
    """A day as a browser's calendar sends it; its error says what was typed and how to write it."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            typed = " ".join(valuelist)[:20]
            raise ValueError(f"{typed!r} is not a day; write it as 2026-03-17.") from None
