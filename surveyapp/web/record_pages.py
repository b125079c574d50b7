"""Adding, editing, removing and restoring a record of a journey, as all its kinds do it.

An insight, an opportunity, a persona, a pain point, an action and a change differ in their forms and in
what they store; the steps between a form and the stored record are the same and stand here once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.journeys import queries
from surveyapp.store.models import Journey
from surveyapp.web.forms import StaffForm
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me


class Record(Protocol):
    """A row of a journey that has a name."""

    @property
    def id(self) -> int: ...

    @property
    def title(self) -> str: ...


Row = TypeVar("Row", bound=Record)
Form = TypeVar("Form", bound=StaffForm)


@dataclass(frozen=True)
class RecordPages(Generic[Row, Form]):
    """One kind of record: how it is found, asked for, stored, taken off its list and put back.

    ``name`` is the record's in its templates and, with ``_id``, in its addresses; ``pages`` is its
    blueprint and its templates' folder.
    """

    name: str
    pages: str
    find: Callable[[Session, int, int], Row]
    form: Callable[[Session, Journey, dict[str, Any]], Form]
    stored: Callable[[Row], dict[str, Any]]
    write: Callable[[Session, Journey, Row | None, Form], Row]
    take_off: Callable[..., None]
    put_back: Callable[..., str]
    added: str = "added"
    has_page: bool = False  # else its list is where one goes after saving
    lists: str = "index"
    beside: Callable[[Session, int, Row | None], dict[str, Any]] = lambda *_: {}

    def new(
        self, journey_id: int, suggested: Callable[[Session, Journey], dict[str, Any]]
    ) -> ResponseReturnValue:
        """The form with what is suggested; sent, the record is added."""
        with installation().store.reading() as session:
            journey = queries.journey(session, journey_id)
            form = self.form(session, journey, suggested(session, journey))
            beside = self.beside(session, journey_id, None)
        if form.validate_on_submit():
            with form.refusing("title"):
                with installation().store.writing() as session:
                    row = self.write(session, queries.journey(session, journey_id), None, form)
                flash(f"{row.title} has been {self.added}.")
                return self._after(journey_id, row.id)
        return self._form_page(form, journey, None, beside)

    def edit(self, journey_id: int, row_id: int) -> ResponseReturnValue:
        """The form with what is stored; sent, the record is changed."""
        with installation().store.reading() as session:
            journey = queries.journey(session, journey_id)
            row = self.find(session, journey_id, row_id)
            form = self.form(session, journey, self.stored(row))
            beside = self.beside(session, journey_id, row)
        if form.validate_on_submit():
            with form.refusing("title"):
                with form.saving() as session:
                    known = queries.journey(session, journey_id)
                    self.write(session, known, self.find(session, journey_id, row_id), form)
                return self._after(journey_id, row_id)
        return self._form_page(form, journey, row, beside)

    def remove(self, journey_id: int, row_id: int) -> ResponseReturnValue:
        """Remove at once: the record stands below its list, with a button that puts it back."""
        StaffForm().validate()
        with installation().store.writing() as session:
            journey = queries.journey(session, journey_id)
            row = self.find(session, journey_id, row_id)
            self.take_off(session, journey, row, user_id=me().id, now=installation().now())
            title = row.title
        flash(f"{title} has been removed. It can be restored below.")
        return self.list(journey_id)

    def restore(self, journey_id: int, row_id: int) -> ResponseReturnValue:
        with installation().store.writing() as session:
            journey = queries.journey(session, journey_id)
            title = self.put_back(session, journey, row_id, user_id=me().id)
        flash(f"{title} has been restored.")
        return self._after(journey_id, row_id)

    def show(self, journey_id: int, row_id: int) -> ResponseReturnValue:
        """Go on to the record's own page."""
        ids: dict[str, Any] = {"journey_id": journey_id, f"{self.name}_id": row_id}
        return redirect(url_for(f"{self.pages}.show", **ids), 303)

    def list(self, journey_id: int) -> ResponseReturnValue:
        """Go on to the list of the journey's records."""
        return redirect(url_for(f"{self.pages}.{self.lists}", journey_id=journey_id), 303)

    def _after(self, journey_id: int, row_id: int) -> ResponseReturnValue:
        return self.show(journey_id, row_id) if self.has_page else self.list(journey_id)

    def _form_page(
        self, form: Form, journey: Journey, row: Row | None, beside: dict[str, Any]
    ) -> ResponseReturnValue:
        known = {"form": form, "journey": journey, self.name: row, **beside}
        return render_template(f"{self.pages}/form.html", **known), form.status
