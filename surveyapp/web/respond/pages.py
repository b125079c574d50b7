"""Survey pages ready to send: made once for each deployment and language, and kept."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from flask import render_template
from werkzeug.datastructures import MultiDict

from surveyapp.fielding.queries import Asking
from surveyapp.reports.tokens import COLOURS
from surveyapp.web.respond.content import Content, content
from surveyapp.web.respond.forms import AnswerForm, form_class
from surveyapp.web.respond.framed import Framed
from surveyapp.words.languages import OWN_NAMES, texts
from surveyapp.words.texts import Texts

_KEY_PLACE = "surveyapp-form-key-goes-here"
_MOST_KEPT = 256
_WRONG = "#a8321c"  # 6.6:1 on white; said in words and by a bar, too
_STYLE = Path(__file__).parent.parent / "static" / "respond.css"


@dataclass(frozen=True)
class Page:
    """A deployment's page in one language: its content, its form's class, and the untouched form."""

    asking: Asking
    content: Content
    words: Texts
    form_class: type[AnswerForm]
    untouched: Framed
    fields: Mapping[str, tuple[str, str]]  # instrument and item by the field's name

    def raw(self, sent: MultiDict[str, str]) -> dict[str, dict[str, list[str]]]:
        """{instrument: {item: everything sent for it}}, as responses are submitted."""
        raw: dict[str, dict[str, list[str]]] = {}
        for name, (instrument, item) in self.fields.items():
            raw.setdefault(instrument, {})[item] = sent.getlist(name)
        return raw


class Pages:
    """The pages made last. A page whose deployment has changed in any way is made again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Page] = OrderedDict()
        self._lock = Lock()

    def page(self, asking: Asking, language: str, roots: Sequence[str | Path]) -> Page:
        """The page of a deployment in a language that it has, else in its own."""
        place = (asking.link, language)
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and kept.asking == asking:
                self._kept.move_to_end(place)
                return kept
        made = _made(asking, language, roots)
        # A language that nobody asks in would fill the memory with copies of the page.
        if made.content.language == language:
            with self._lock:
                self._kept[place] = made
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return made


def rendered(page: Page, form: AnswerForm, key: str, *, notice: str = "") -> str:
    """The page with a form in any state; ``notice`` is a problem of the form as a whole."""
    return _render(page.content, page.words, form, key, notice)


def _made(asking: Asking, language: str, roots: Sequence[str | Path]) -> Page:
    what = content(asking, language, roots)
    words = texts(what.language)
    made = form_class(what, words)
    html = _render(what, words, made(), _KEY_PLACE, "")
    fields = {q.name: (q.instrument, q.item.code) for q in what.questions}
    return Page(asking, what, words, made, Framed.around(html, _KEY_PLACE), fields)


def _render(what: Content, words: Texts, form: AnswerForm, key: str, notice: str) -> str:
    return render_template(
        "respond/survey.html",
        content=what,
        words=words,
        form=form,
        key=key,
        notice=notice,
        names=OWN_NAMES,
        style=style(),
    )


@cache
def style() -> str:
    """The stylesheet, in the product's colours and without the blanks that only people need."""
    css = re.sub(r"/\*.*?\*/", "", _STYLE.read_text(encoding="utf-8"), flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()
    names = ("ink", "muted", "rule", "wash", "paper", "accent", "on-accent", "faint")
    tokens = [f"--{name}:{COLOURS[name]}" for name in names] + [f"--wrong:{_WRONG}"]
    return ":root{" + ";".join(tokens) + "}" + css


@cache
def style_hash() -> str:
    """What the content policy calls the one stylesheet that may apply."""
    digest = hashlib.sha256(style().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
