"""Lines of HTML that staff copy into their own pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from surveyapp.web import embed_script
from surveyapp.web.respond.content import Content, Question

_MOST_POINTS = 11


@dataclass(frozen=True)
class Snippet:
    """One question to put into a page: as the component, and as a form that needs no script."""

    text: str
    component: str
    form: str


def component(base_url: str, link: str, *, item: str = "", label: str = "") -> str:
    """The survey as an element of a page."""
    more = Markup("")
    if item:
        more += Markup(' item="{}"').format(item)
    if label:
        more += Markup(' label="{}"').format(label)
    script = Markup(
        '<script async src="{}/static/{}" integrity="{}" crossorigin="anonymous"></script>'
    ).format(base_url.rstrip("/"), embed_script.NEWEST, embed_script.integrity())
    element = Markup('<survey-app survey="{}"{}></survey-app>').format(link, more)
    return f"{script}\n{element}"


def one_question(base_url: str, link: str, content: Content) -> Sequence[Snippet]:
    """A snippet for each question that has a few answers to choose from."""
    fitting = [
        each for each in content.questions if 2 <= len(each.options) <= _MOST_POINTS and _one(each)
    ]
    return [
        Snippet(
            each.text,
            component(base_url, link, item=each.name, label=each.text),
            _form(base_url, link, each, content.language),
        )
        for each in fitting
    ]


def _one(question: Question) -> bool:
    """Whether it takes one answer and is asked of everybody."""
    return question.layout.value != "ticks" and not question.needs


def _form(base_url: str, link: str, question: Question, language: str) -> str:
    address = f"{base_url.rstrip('/')}/s/{link}"
    buttons = Markup("\n").join(
        Markup('  <button name="score" value="{}:{}"{}>{}</button>').format(
            question.name,
            option.value,
            Markup(' aria-label="{}: {}"').format(option.value, option.label)
            if question.item.scale and option.label
            else "",
            option.value if question.item.scale else option.label,
        )
        for option in question.options
    )
    form = Markup(
        '<form action="{}" target="_blank">\n  <input type="hidden" name="lang" value="{}">\n'
        "  <p>{}</p>\n{}\n</form>"
    ).format(address, language, question.text, buttons)
    return str(form)  # a text to be shown; as markup it would become a form of our own page
