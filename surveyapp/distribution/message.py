"""The words of one message to one customer: subject, plain text and HTML, in the customer's language.

The HTML is what mail programs of the last fifteen years show: tables, styles beside the elements, no
script, no picture, nothing fetched from anywhere, hence nothing that tells who has read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from instruments.wordings import RIGHT_TO_LEFT
from surveyapp.design_tokens import COLOURS, contrast, ink_on
from surveyapp.distribution.click import Click
from surveyapp.i18n.languages import texts
from surveyapp.i18n.phrases import Phrases
from surveyapp.store.mail import Message
from surveyapp.surveys import piping
from surveyapp.surveys.attributes import Attribute
from surveyapp.surveys.settings.distribution import Distribution, MessageText

_READABLE = 4.5  # WCAG 2.2, 1.4.3: contrast of text
# Points of a scale that 320 pixels have room for side by side, and how wide each of them is.
_A_ROW = 5
_FEW, _WIDE, _NARROW = 7, 46, 40

Point = tuple[int, str, str]  # value, label (often empty) and address


@dataclass(frozen=True)
class Colours:
    """The brand's colour as an area, what is readable on it, and what of it is readable on white."""

    accent: str = COLOURS["accent"]
    on_accent: str = COLOURS["on-accent"]
    ink: str = COLOURS["accent"]


def colours(brand: str) -> Colours:
    """The colours that a brand's ("#rrggbb") leads to, the product's own where it is empty."""
    accent = brand or COLOURS["accent"]
    on_accent = ink_on(accent)
    if contrast(accent, on_accent) < _READABLE:  # middle greys carry neither white nor our ink
        on_accent = "#000000"
    reads = contrast(accent, COLOURS["paper"]) >= _READABLE
    return Colours(accent, on_accent, accent if reads else COLOURS["ink"])


@dataclass(frozen=True)
class MessageContext:
    """Who is asked by whom about what; all that a message is made of beside its settings."""

    language: str
    provider: str
    touchpoint: str
    link: str = field(repr=False)
    unsubscribe: str = field(repr=False)
    questions: int
    click: Click | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict, repr=False)
    reminder: int = 0  # 0: the invitation
    colours: Colours = field(default_factory=Colours)
    is_test: bool = False

    def reminded(self, number: int) -> MessageContext:
        """The same message as its reminder of this number; 0 is the invitation."""
        return replace(self, reminder=number)

    def filled(self, text: str) -> str:
        """The text with its placeholders replaced, and nothing that was filled in looked at again."""
        own = {"provider": self.provider, "touchpoint": self.touchpoint}
        return piping.filled(text, self.attributes, own, right_to_left=self.right_to_left)

    @property
    def right_to_left(self) -> bool:
        """Which way its language runs, whether or not the product's own phrases are in it."""
        return self.language.split("-")[0] in RIGHT_TO_LEFT


def message_of(settings: Distribution, context: MessageContext) -> Message:
    """The invitation or reminder in this context, everything in it escaped where it stands in HTML.

    It is addressed to nobody yet: who sends it adds ``to`` and ``message_id``.
    """
    words = texts(context.language)
    own = settings.texts.get(context.language, MessageText())
    subject = _subject(own, words, context)
    body = _body(own, words, context)
    address = _with(context.link, lang=context.language)
    points = _points(context)
    html = _template().render(
        subject=subject,
        paragraphs=[part.split("\n") for part in _paragraphs(body)],
        words=words,
        context=context,
        question=context.filled(context.click.text) if context.click else "",
        points=points,
        rows=_rows(points),
        side=_NARROW if len(points) > _FEW else _WIDE,
        address=address,
        estimate=words.estimate(context.questions),
        why=context.filled(words.mail_why),
        colours=context.colours,
    )
    return Message(
        subject=subject,
        text=_plain(body, points, address, words, context),
        html=html,
        short=f"{subject}\n{address}",
        language=context.language,
        link=context.link,
        # A test gets no unsubscribe button in the mail program: there is nobody to unsubscribe.
        unsubscribe="" if context.is_test else context.unsubscribe,
        reply_to=settings.reply_to,
    )


def _subject(own: MessageText, words: Phrases, context: MessageContext) -> str:
    subject = own.subject or words.mail_subject
    if context.reminder:
        subject = own.reminder_subject or words.mail_reminder_subject.replace("{subject}", subject)
    filled = " ".join(context.filled(subject).split())
    return words.mail_test_subject.format(subject=filled) if context.is_test else filled


def _body(own: MessageText, words: Phrases, context: MessageContext) -> str:
    text = own.text or words.mail_text
    if context.reminder:
        text = own.reminder_text or f"{words.mail_reminder_text}\n\n{text}"
    return context.filled(text)


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def _points(context: MessageContext) -> Sequence[Point]:
    """Each option of the one-click scale."""
    click = context.click
    if click is None:
        return ()
    return [
        (value, label, _with(context.link, score=f"{click.name}:{value}", lang=context.language))
        for value, label in click.options
    ]


def _with(link: str, **query: str) -> str:
    return f"{link}?{urlencode(query, safe=':', quote_via=quote)}"


def _rows(points: Sequence[Point]) -> Sequence[Sequence[Point]]:
    """The points in the rows in which they stand on a small screen."""
    half = (len(points) + 1) // 2
    return [points[:half], points[half:]] if len(points) > _A_ROW else [points]


def _plain(
    body: str,
    points: Sequence[Point],
    address: str,
    words: Phrases,
    context: MessageContext,
) -> str:
    parts = [
        *([words.mail_test] if context.is_test else []),
        *_paragraphs(body),
        *(_asked(context.click, points, words, context) if context.click else []),
        # Addresses have lines of their own: in a sentence that runs from the right they would fall apart.
        f"{words.mail_open}\n{address}",
        f"{words.estimate(context.questions)}\n{words.mail_own_link}",
        # The line by which mail programs know that what follows is no part of the message.
        f"-- \n{context.filled(words.mail_why)}\n{words.mail_leave}\n{context.unsubscribe}",
    ]
    return "\n\n".join(parts) + "\n"


def _asked(
    click: Click, points: Sequence[Point], words: Phrases, context: MessageContext
) -> list[str]:
    """The question as plain text: its words, what the ends of its scale mean, a link for each point.

    No words stand in a line with an address, for the reason above; a number has no direction.
    """
    question = context.filled(click.text)
    if click.is_labelled:
        scale = "\n".join(f"{value}  {label}\n{target}" for value, label, target in points)
        return [question, scale, words.mail_click]
    ends = [f"{value}  {label}" for value, label in click.ends]
    links = "\n".join(f"{value}  {target}" for value, _, target in points)
    return ["\n".join([question, *ends]), links, words.mail_click]


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("surveyapp.distribution"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("message.html")
