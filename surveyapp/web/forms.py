"""What the staff's forms share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import Field, SelectChoice

from surveyapp.errors import Conflict, Invalid, SurveyappError
from surveyapp.store import revisions
from surveyapp.store.revisions import Revision
from surveyapp.web.field_versions import (
    Difference,
    differences,
    is_as_shown,
    number_in,
    version_of,
)
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

VERSION = "shown"  # the hidden field's name


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The choices of a select field from (value, label)."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


class Outdated(SurveyappError):
    """Somebody else has saved the form since it was opened; nothing of this one was."""

    def __init__(self, form: StaffForm, found: Sequence[Difference], last: Revision) -> None:
        super().__init__("This form was changed after you had opened it; nothing was saved.")
        self.form = form
        self.differences = found
        self.last = last


class StaffForm(FlaskForm):  # type: ignore[misc]
    """A form with a CSRF token; an action's refusal is shown beside the field that it names.

    A field that the form does not have is refused rather than dropped: it is a mistake in a script,
    or somebody trying to set what is not theirs. ``beside`` names the beginnings of fields that a
    page reads itself.
    """

    beside: tuple[str, ...] = ()

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """What was sent as a form; a body of JSON, which Flask-WTF would read too, is none."""
            return None if request.is_json else super().wrap_formdata(form, formdata)

    is_sent = False  # whether it was filled from this request, and not from what is stored alone

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        self.is_sent = self.meta.wrap_formdata(self, formdata) is not None
        super().process(formdata, *args, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        unknown = [
            name
            for name in (*request.form, *request.files)
            if name not in self._fields
            and name not in ("csrf_token", VERSION)
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

    def label_of(self, field: Field) -> str:
        """What a field is called where it stands apart from its form."""
        return str(field.label.text)

    @property
    def version(self) -> str:
        """What the page shows of the stored values, for a hidden field: as it was when it was opened."""
        if self.is_sent and VERSION in request.form:
            return request.form[VERSION]
        return self.version_now()

    def version_now(self) -> str:
        with installation().store.reading() as session:
            number = revisions.revision(session, self._place).number
        return version_of(number, self)

    @contextmanager
    def saving(self) -> Iterator[Session]:
        """A transaction in which an action stores the form, unless it was saved since it was opened.

        Raises Outdated when somebody else saved it and something would be overwritten. The form must
        hold what is stored, too (``obj`` or ``data``). A program that sends no version overwrites.
        """
        version = request.form.get(VERSION)
        now = installation().now()
        with installation().store.writing() as session:
            found = [] if version is None else differences(version, self, self.label_of)
            if version is None or found:
                before = revisions.revision(session, self._place)
                number = revisions.advance(session, self._place, user_id=me().id, now=now)
                moved = number_in(version or "") != str(number - 1)
                if version is not None and (moved or not is_as_shown(version, self)):
                    raise Outdated(self, found, before if moved else revisions.Revision())
            yield session

    @property
    def _place(self) -> str:
        """The form and what it edits, by the numbers in the page's address."""
        ids = sorted((request.view_args or {}).items())
        place = " ".join([type(self).__name__, *(f"{name}={value}" for name, value in ids)])
        return place[: revisions.LONGEST_PLACE]

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
