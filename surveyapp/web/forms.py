"""What the staff's forms share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice

from surveyapp.errors import Conflict, Invalid


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The choices of a select field from (value, label)."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


class StaffForm(FlaskForm):  # type: ignore[misc]
    """A form with a CSRF token; an action's refusal is shown beside the field that it names.

    A field that the form does not have is refused rather than dropped: it is a mistake in a script,
    or somebody trying to set what is not theirs. ``beside`` names the beginnings of fields that a
    page reads itself.
    """

    beside: tuple[str, ...] = ()

    def validate(self, extra_validators: Any = None) -> bool:
        unknown = [
            name
            for name in (*request.form, *request.files)
            if name not in self._fields
            and name != "csrf_token"
            and not name.startswith(self.beside)
        ]
        if unknown:
            raise Invalid(f"This form has no field {unknown[0][:60]!r}; nothing was saved.")
        if any("\x00" in value for values in request.form.listvalues() for value in values):
            raise Invalid("The text contains a NUL character, which cannot be stored; remove it.")
        return bool(super().validate(extra_validators))

    def refuse(self, error: Invalid | Conflict, *, fallback: str) -> None:
        """Show what an action found wrong, at its field, else at the field ``fallback``."""
        name = getattr(error, "field", None)
        field: Field = self[name if name in self._fields else fallback]
        field.errors = [*field.errors, str(error)]

    @contextmanager
    def refusing(self, fallback: str) -> Iterator[None]:
        """Run an action; what it refuses becomes an error of the form instead of a page."""
        try:
            yield
        except (Invalid, Conflict) as error:
            self.refuse(error, fallback=fallback)

    @property
    def status(self) -> int:
        """The status of the page that shows the form: 422 once it was sent and not taken."""
        return 422 if self.is_submitted() else 200

    def plain(self) -> dict[str, Any]:
        """The typed values, without the token; a text that was not sent is an empty one."""
        return {
            name: "" if value is None else value
            for name, value in self.data.items()
            if name != "csrf_token"
        }
