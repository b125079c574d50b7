"""Survey pages ready to send: made once for each survey and language, and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from string import ascii_lowercase
from threading import Lock

from flask import render_template
from werkzeug.datastructures import MultiDict

from instruments.loader import Library
from surveyapp.i18n.languages import own_name, texts
from surveyapp.i18n.phrases import Phrases
from surveyapp.surveys.attributes import Attribute
from surveyapp.surveys.drafts import PRESELECTED
from surveyapp.surveys.survey import Survey
from surveyapp.web.installation import installation
from surveyapp.web.respond.assets import hash_of, script, style
from surveyapp.web.respond.chosen import Chosen
from surveyapp.web.respond.content import Content, Question, Section, content
from surveyapp.web.respond.forms import CONSENT_FIELD, QUOTE_FIELD, AnswerForm, form_class
from surveyapp.web.respond.framed import Framed
from surveyapp.web.respond.headers import allow_style, theme_css

_KEY_PLACE = "surveyapp-form-key-goes-here"
_MOST_KEPT = 256


@dataclass(frozen=True)
class Logo:
    """Where a brand's picture lies, and how large it is shown."""

    address: str
    width: int
    height: int


@dataclass(frozen=True)
class Page:
    """A survey's page in one language: its content, its form's class, and the untouched form.

    ``style`` is the survey's own: its colour, and what hides questions that are not asked.
    """

    survey: Survey
    content: Content
    words: Phrases
    form_class: type[AnswerForm]
    untouched: Framed
    fields: Mapping[str, tuple[str, str]]  # instrument and item by the field's name
    style: str
    style_hash: str

    def raw(self, sent: MultiDict[str, str]) -> dict[str, dict[str, list[str]]]:
        """{instrument: {item: everything sent for it}}, as responses are submitted."""
        raw: dict[str, dict[str, list[str]]] = {}
        for name, (instrument, item) in self.fields.items():
            raw.setdefault(instrument, {})[item] = sent.getlist(name)
        return raw

    def hidden(self, sent: MultiDict[str, str]) -> frozenset[str]:
        """The questions that are not asked of somebody who has sent this."""
        return self.content.logic.hidden({name: sent.getlist(name) for name in self.fields})

    def is_own(self, attributes: Mapping[str, Attribute]) -> bool:
        """Whether somebody with these attributes reads other texts than everybody."""
        return not self.content.piped.isdisjoint(attributes)

    def for_customer(self, attributes: Mapping[str, Attribute], library: Library) -> Page:
        """The page with a customer's attributes in its texts; itself where no text has any."""
        if not self.is_own(attributes):
            return self
        own = content(self.survey, self.content.language, library, attributes)
        return replace(self, content=own, form_class=form_class(own, self.words))


@dataclass(frozen=True)
class ProgressStep:
    """Which block is shown: ``index`` among all, ``number`` of ``count`` among those that are asked.

    ``first`` and ``last`` are the numbers of its first and last question.
    """

    index: int
    number: int
    count: int
    first: int
    last: int

    @property
    def is_last(self) -> bool:
        return self.number == self.count


class Pages:
    """The pages made last. A page whose survey has changed in any way is made again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Page] = OrderedDict()
        self._lock = Lock()

    def page(self, survey: Survey, language: str, library: Library) -> Page:
        """The page of a survey in a language that it has, else in its own."""
        place = (survey.link, language)
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and (kept.survey is survey or kept.survey == survey):
                self._kept.move_to_end(place)
                return kept
        made = _made(survey, language, library)
        # A language that nobody asks in would fill the memory with copies of the page.
        if made.content.language == language:
            with self._lock:
                self._kept[place] = made
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return made


def blocks_of(page: Page, sent: MultiDict[str, str]) -> list[int]:
    """The places of the blocks in which something is asked of somebody who has sent this."""
    hidden = page.hidden(sent)
    shown = [
        place
        for place, block in enumerate(page.content.blocks)
        if any(question.name not in hidden for question in block.questions)
    ]
    return shown or [0]


def names_of(page: Page, block: int) -> list[str]:
    """The fields that stand in a block."""
    names = [question.name for question in page.content.blocks[block].questions]
    return [CONSENT_FIELD, *names] if page.content.consent_box and block == 0 else names


def rendered(
    page: Page,
    form: AnswerForm,
    key: str,
    *,
    notice: str = "",
    block: int | None = None,
    sent: MultiDict[str, str] | None = None,
    chosen: Chosen | None = None,
    resumed: bool = False,
    fresh: bool = False,
) -> str:
    """The page with a form in any state; ``notice`` is a problem of the form as a whole.

    ``block`` is the one that is shown of a survey in blocks, the others' fields are carried along
    in the form; ``sent`` is what the form was filled with. ``chosen`` was clicked in a message and
    waits to be confirmed. Without a ``key`` the page is for changing answers: all of it, in its
    language, without what leads to sending. ``fresh`` says that nothing was filled in.
    """
    what, sent = page.content, sent if sent is not None else MultiDict()
    whole = not key
    step = None
    sections = what.sections
    if what.blocks and not whole:
        places = blocks_of(page, sent)
        index = block if block in places else places[0]
        sections = (_asked(page, index, sent),)
        numbers = [int(each.number.rstrip(ascii_lowercase)) for each in sections[0].questions]
        step = ProgressStep(index, places.index(index) + 1, len(places), min(numbers), max(numbers))
    if page.style:
        allow_style(page.style_hash)
    shown = {question.name for section in sections for question in section.questions}
    if not step or step.index == 0:
        shown.add(CONSENT_FIELD)
    asks_to_quote = what.quote_box and (not step or step.is_last)
    shown |= {QUOTE_FIELD} if asks_to_quote else set()
    return render_template(
        "respond/survey.html",
        content=what,
        words=page.words,
        form=form,
        faults=[field for field in form.faults if field.name in shown],
        key=key,
        notice=notice,
        own_name=own_name,
        style=style(),
        own_style=page.style,
        script="" if whole else script(),
        logo=logo_of(page.survey, what),
        count=sum(1 for question in what.questions if not question.needs),
        sections=sections,
        step=step,
        consent=not whole and (not step or step.index == 0),
        quote=asks_to_quote,
        carried=[] if whole else list(_carried(page, sent, shown)),
        chosen=chosen,
        resumed=resumed,
        whole=whole,
        fresh=fresh,
        anonymous=page.survey.is_anonymous,
        minimum=installation().settings.minimum_cell,
        advance=page.survey.auto_advance and not whole,
    )


def logo_of(survey: Survey, what: Content) -> Logo | None:
    """The survey's picture; its address changes with the picture, so that it can be kept."""
    theme = what.theme
    if theme.logo_file_id is None:
        return None
    address = f"/s/{survey.link}/logo?v={theme.logo_file_id}"
    return Logo(address, theme.logo_width, theme.logo_height)


def _asked(page: Page, index: int, sent: MultiDict[str, str]) -> Section:
    """A block as it is asked now. What hangs on an answer of the same block comes and goes there."""
    block, hidden = page.content.blocks[index], page.hidden(sent)
    here = {question.name for question in block.questions}

    def stays(question: Question) -> bool:
        return question.name not in hidden or any(need.when in here for need in question.needs)

    return replace(block, questions=tuple(q for q in block.questions if stays(q)))


def _carried(page: Page, sent: MultiDict[str, str], shown: set[str]) -> Iterator[tuple[str, str]]:
    """Hidden fields: what was given in other blocks, and what a message's click had chosen."""
    names = [PRESELECTED]
    if page.content.blocks:
        names += [name for name in (CONSENT_FIELD, QUOTE_FIELD, *page.fields) if name not in shown]
    for name in names:
        for value in sent.getlist(name):
            if value:
                yield name, value


def _made(survey: Survey, language: str, library: Library) -> Page:
    what = content(survey, language, library)
    words = texts(what.language)
    made = form_class(what, words)
    fields = {q.name: (q.instrument, q.item.code) for q in what.questions}
    css = theme_css(survey) + "".join(_hiding(question) for question in what.questions)
    bare = Framed.around(_KEY_PLACE, _KEY_PLACE)
    page = Page(survey, what, words, made, bare, fields, css, hash_of(css))
    html = rendered(page, made(), _KEY_PLACE, fresh=True)
    return replace(page, untouched=Framed.around(html, _KEY_PLACE))


def _hiding(question: Question) -> str:
    """Rules that hide a question while one of its conditions does not hold; without any script.

    An answer of another block is a hidden field, hence the second kind of control.
    """
    rules = []
    for need in question.needs:
        given = ",".join(f'[name="{need.when}"][value="{value}"]' for value in need.accepted)
        rules.append(
            f"form:not(:has(:is({given}):is(:checked,[type=hidden]))) "
            f"#q-{question.name}{{display:none}}"
        )
    if not rules:
        return ""
    return f"@supports selector(:has(*)){{@media screen{{{''.join(rules)}}}}}"
