"""What the sending of a form asks for: another language, another block, or to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.datastructures import MultiDict

from surveyapp.surveys.drafts import PRESELECTED
from surveyapp.web.respond.access import KEY_FIELD, LANGUAGE_FIELD
from surveyapp.web.respond.content import Layout
from surveyapp.web.respond.forms import CONSENT_FIELD, QUOTE_FIELD, AnswerForm
from surveyapp.web.respond.pages import Page, blocks_of, names_of
from surveyapp.whole import whole_number

GO_FIELD = "go"
AT_FIELD = "at"
MOST_BLOCKS = 1000  # more than any form can have
DRAFT, UNCONFIRMED = "draft", "unconfirmed"
# In the address of a language's button on pages that were made by earlier editions.
_SWITCH = "switch"
OWN_FIELDS = frozenset({KEY_FIELD, LANGUAGE_FIELD, GO_FIELD, AT_FIELD, PRESELECTED, UNCONFIRMED})


class Wish(StrEnum):
    """What a form that was sent is to lead to."""

    SEND = "send"  # keep the answers for good
    SHOW = "show"  # the form again: in another language, or at another block
    STAY = "stay"  # the same block again, for it has faults
    WAIT = "wait"  # the form again, for nobody has pressed a button of it


@dataclass(frozen=True)
class Turn:
    """A wish, and the block that is shown next; None where all stand on one page.

    ``form`` has the faults of a block that cannot be left.
    """

    wish: Wish
    block: int | None
    form: AnswerForm | None = None


def turn_of(page: Page, sent: MultiDict[str, str], args: Mapping[str, str]) -> Turn:
    """Read what was pressed. A language is never a wish to send."""
    switched = LANGUAGE_FIELD in sent or _SWITCH in args
    if not page.content.blocks:
        if switched:
            return Turn(Wish.SHOW, None)
        return Turn(Wish.WAIT if _is_unpressed(page, sent) else Wish.SEND, None)
    places = blocks_of(page, sent)
    here = block_sent(sent)
    at = here if here in places else places[0]
    if switched:
        return Turn(Wish.SHOW, at)
    if _is_unpressed(page, sent):
        return Turn(Wish.WAIT, at)
    pressed = sent.get(GO_FIELD, "send")
    if pressed == "back":
        return Turn(Wish.SHOW, max((place for place in places if place < at), default=at))
    following = [place for place in places if place > at]
    if pressed == "next" and following:
        form = page.form_class(sent)
        if not form.judge(without=page.hidden(sent), only=names_of(page, at)):
            return Turn(Wish.STAY, at, form)
        return Turn(Wish.SHOW, _next(page, sent, places, at))
    return Turn(Wish.SEND, at)


def block_sent(sent: Mapping[str, str]) -> int | None:
    """The block that a form was sent from; None where it names none."""
    return whole_number(sent.get(AT_FIELD, ""), largest=MOST_BLOCKS)


def _is_unpressed(page: Page, sent: MultiDict[str, str]) -> bool:
    """Whether a text browser sent this by itself, at the end of a line that somebody typed.

    A program that sends the fields alone presses no button either; but a question left at "no answer",
    which has an empty value, is on such browsers' pages only.
    """
    if GO_FIELD in sent:
        return False
    empty = {name for name, values in sent.lists() if "" in values}
    return bool(empty) and any(
        question.name in empty
        for question in page.content.questions
        if question.layout not in (Layout.TEXT, Layout.NUMBER)
    )


def _next(page: Page, sent: MultiDict[str, str], places: list[int], at: int) -> int:
    """The block after this one. Who came in by a click began in the middle: the first that is open."""
    if sent.get(PRESELECTED):
        form = page.form_class(sent)
        form.judge(without=page.hidden(sent))
        faulty = {field.name for field in form.faults}
        missing = [place for place in places if faulty & set(names_of(page, place))]
        if missing:
            return missing[0]
    return next(place for place in places if place > at)


def first_fault(page: Page, form: AnswerForm) -> int | None:
    """The block in which the first fault stands; None where all stand on one page."""
    if not page.content.blocks:
        return None
    faulty = {field.name for field in form.faults}
    places = range(len(page.content.blocks))
    return next((place for place in places if faulty & set(names_of(page, place))), 0)


def block_of(page: Page, name: str) -> int | None:
    """The block in which a question stands; None where all stand on one page."""
    places = range(len(page.content.blocks))
    return next((place for place in places if name in names_of(page, place)), None)


def unknown_field(page: Page, sent: MultiDict[str, str]) -> str | None:
    """The first field that this form does not have."""
    known = OWN_FIELDS | ({CONSENT_FIELD} if page.content.consent_box else set())
    known |= {QUOTE_FIELD} if page.content.quote_box else set()
    return next((name for name in sent if name not in page.fields and name not in known), None)


def given(page: Page, sent: MultiDict[str, str]) -> dict[str, list[str]]:
    """Everything of a form that a draft keeps, as it was typed."""
    names = [PRESELECTED, CONSENT_FIELD, QUOTE_FIELD, *page.fields]
    return {name: sent.getlist(name) for name in names if name in sent}
