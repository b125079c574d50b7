"""A message says what staff wrote, in the customer's language, safely, and as any mail program shows it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from attrs import validators
from playwright.sync_api import Browser

from instruments.loader import BUILT_IN
from surveyapp.design_tokens import contrast
from surveyapp.distribution.click import Click
from surveyapp.distribution.message import MessageContext, colours, message_of
from surveyapp.distribution.outgoing import message_context as of_survey
from surveyapp.i18n.languages import OWN_NAMES, texts
from surveyapp.store.db import Store
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.distribution import Distribution, MessageText
from tests.responses.makers import make_survey

LINK = "https://survey.northbank.example/r/AbCdEfGhIjKlMnOpQrStUv"
LEAVE = "https://survey.northbank.example/u/abc.def"
NPS = Click(
    "nps-nps",
    "How likely are you to recommend {provider}?",
    ((0, "Not at all likely"), *((point, "") for point in range(1, 10)), (10, "Extremely likely")),
)
CSAT = Click(
    "csat-csat",
    "How satisfied are you with {touchpoint}?",
    tuple(enumerate(("Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very"), 1)),
)
SEVEN = Click("sjq-sea1", "It was easy.", ((1, "No"), *((n, "") for n in range(2, 7)), (7, "Yes")))
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}{provider.__class__}"


def message_context(**changes: object) -> MessageContext:
    made = MessageContext(
        language="en",
        provider="Northbank",
        touchpoint="the application form",
        link=LINK,
        unsubscribe=LEAVE,
        questions=4,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def own(**text: str) -> Distribution:
    return Distribution(texts={"en": MessageText(**text)})


class Elements(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    @property
    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.found if tag == "a"]


@pytest.mark.parametrize(
    ("click", "values"),
    [(NPS, range(11)), (CSAT, range(1, 6)), (SEVEN, range(1, 8))],
    ids=["0-10", "1-5", "1-7"],
)
def test_each_point_of_the_scale_is_a_link_that_carries_it(click: Click, values: range):
    made = message_of(Distribution(), message_context(click=click))
    found = [link for link in Elements(made.html).links if "score=" in link]
    assert found == [f"{LINK}?score={click.name}:{value}&lang=en" for value in values]
    for _, label in click.options:
        assert label in made.html


def test_each_point_is_a_cell_with_padding_of_its_own():
    """Outlook for Windows pads no link; other programs make the whole cell the link."""
    for click in (NPS, CSAT, SEVEN):
        html = message_of(Distribution(), message_context(click=click)).html
        found = Elements(html).found
        cells = [at for at, (tag, each) in enumerate(found) if each.get("class") == "cell"]
        assert len(cells) == len(click.options)
        for at in cells:
            tag, cell = found[at]
            inside, link = found[at + 1]
            assert (tag, inside, link["class"]) == ("td", "a", "point")
            assert "mso-padding-alt:" in cell["style"] and "border:1px" in cell["style"]
            assert cell["bgcolor"] and "display:block" in link["style"]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("click", [NPS, CSAT, SEVEN], ids=["0-10", "1-5", "1-7"])
def test_the_plain_text_asks_the_question_with_a_link_for_each_point(click: Click, language: str):
    context = message_context(click=click, language=language)
    lines = message_of(Distribution(), context).text.splitlines()
    asked = lines.index(context.filled(click.text))
    opened = lines.index(texts(language).mail_open)
    scale = lines[asked + 1 : opened]
    links = [f"{LINK}?score={click.name}:{value}&lang={language}" for value, _ in click.options]
    assert [line.split()[-1] for line in scale if "score=" in line] == links
    for value, label in click.options:
        if label:
            assert f"{value}  {label}" in scale
    # A line with an address has no word beside it: those of a right-to-left language would tear it up.
    assert all(re.fullmatch(r"(\d+  )?https://\S+", line) for line in scale if "score=" in line)
    assert texts(language).mail_click in scale


def test_without_a_scale_there_is_a_button_and_the_text_has_the_link():
    made = message_of(Distribution(), message_context())
    assert Elements(made.html).links == [f"{LINK}?lang=en", f"{LINK}?lang=en", LEAVE]
    assert f"{LINK}?lang=en" in made.text and LEAVE in made.text
    assert made.short.endswith(f"{LINK}?lang=en")


def test_a_surveys_own_words_are_said_with_their_placeholders_filled():
    messages = own(
        subject="{attribute:name|Dear customer}, how was {touchpoint}?",
        text="First line\nsecond line.\n\nYours, {provider}",
    )
    made = message_of(messages, message_context(attributes={"name": "Ada"}))
    assert made.subject == "Ada, how was the application form?"
    assert "First line<br>second line.</p>" in made.html
    assert "Yours, Northbank" in made.text
    assert (
        message_of(messages, message_context()).subject
        == "Dear customer, how was the application form?"
    )


def test_a_reminder_says_so_and_may_have_words_of_its_own():
    made = message_of(own(subject="How was it?"), message_context(reminder=1))
    assert made.subject == "A reminder: How was it?"
    assert "still like to hear" in made.text
    made = message_of(
        own(reminder_subject="Last call", reminder_text="Please."), message_context(reminder=2)
    )
    assert (made.subject, made.text.splitlines()[0]) == ("Last call", "Please.")


def test_a_test_message_is_marked_in_subject_text_and_html():
    made = message_of(Distribution(), message_context(is_test=True))
    assert made.subject.startswith("TEST: ")
    assert texts("en").mail_test in made.text and texts("en").mail_test in made.html
    assert texts("en").mail_test not in message_of(Distribution(), message_context()).html


def test_a_test_message_is_marked_in_the_customers_language():
    marked = message_of(Distribution(), message_context(language="fr", is_test=True)).subject
    assert (
        marked
        == f"TEST\u00a0: {message_of(Distribution(), message_context(language='fr')).subject}"
    )
    assert message_of(
        Distribution(), message_context(language="ar", is_test=True)
    ).subject.startswith("اختبار: ")


def test_names_in_an_arabic_message_keep_their_marks():
    """Subjects and plain text have no markup that could do it."""
    messages = Distribution(
        texts={"ar": MessageText(text="{attribute:name|-}: {touchpoint}, {provider}")}
    )
    made = message_of(
        messages,
        message_context(
            language="ar", provider="Yahoo!", touchpoint="App (UK)", attributes={"name": "Ada"}
        ),
    )
    assert made.subject == "كيف كان أداؤنا؟ رأيك يهم \u2068Yahoo!\u2069"
    assert "\u2068Ada\u2069: \u2068App (UK)\u2069, \u2068Yahoo!\u2069" in made.text
    assert made.short.startswith(made.subject)
    assert "\u2068" not in message_of(Distribution(), message_context(provider="Yahoo!")).text


@pytest.mark.parametrize("language", sorted(OWN_NAMES))
def test_an_address_in_plain_text_has_a_line_of_its_own(language: str):
    """In a sentence from right to left it would fall apart; no colon is glued on in code."""
    words = texts(language)
    lines = message_of(Distribution(), message_context(language=language)).text.splitlines()
    assert lines[lines.index(words.mail_open) + 1] == f"{LINK}?lang={language}"
    assert lines[lines.index(words.mail_leave) + 1] == LEAVE


def test_a_message_in_a_language_without_phrases_still_runs_its_way():
    html = message_of(Distribution(), message_context(language="he", click=NPS)).html
    assert dict(Elements(html).found)["html"] == {"lang": "he", "dir": "rtl"}


@pytest.mark.parametrize("place", ["provider", "touchpoint", "attribute", "text", "question"])
def test_no_text_from_people_becomes_markup_or_is_run(place: str):
    """Placeholders are replaced and nothing more; what fills one is not looked at again."""
    messages = own(text="{attribute:name|you} of {provider} at {touchpoint}")
    changes: dict[str, object] = {"click": NPS}
    if place in {"provider", "touchpoint"}:
        changes[place] = HOSTILE
    elif place == "attribute":
        changes["attributes"] = {"name": HOSTILE}
    elif place == "text":
        with validators.disabled():  # a document of staff could not say it
            messages = own(text=HOSTILE)
    else:
        changes["click"] = replace(NPS, text=HOSTILE)
    made = message_of(messages, message_context(**changes))
    plain = Elements(
        message_of(messages if place != "text" else Distribution(), message_context(click=NPS)).html
    )
    found = Elements(made.html)
    assert [tag for tag, _ in found.found] == [tag for tag, _ in plain.found]
    assert "&lt;script&gt;" in made.html and "{{7*7}}{provider.__class__}" in made.html


@pytest.mark.parametrize("language", sorted(OWN_NAMES))
def test_nothing_is_fetched_or_run_and_the_language_is_said(language: str):
    html = message_of(Distribution(), message_context(language=language, click=NPS)).html
    elements = Elements(html).found
    assert {"script", "img", "link", "iframe", "object", "form", "svg"}.isdisjoint(
        tag for tag, _ in elements
    )
    assert not re.search(r"url\(|@import|\bon[a-z]+=|src=", html)
    top = dict(elements)["html"]
    said = {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    assert top == said
    article = next(each for tag, each in elements if each.get("role") == "article")
    assert said.items() <= article.items()
    assert all(len(line) < 990 for line in html.splitlines())


@pytest.mark.parametrize("brand", ["", "#ffee00", "#0b4f8a", "#777777", "#ffffff", "#000000"])
def test_any_brand_colour_leaves_everything_readable(brand: str):
    made = colours(brand)
    assert contrast(made.accent, made.on_accent) >= 4.5
    assert contrast(made.ink, "#ffffff") >= 4.5


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_scale_fits_a_small_screen_and_every_point_can_be_tapped(
    browser: Browser, language: str
):
    """In Arabic the points run from right to left."""
    for click in (NPS, CSAT, SEVEN):
        page = browser.new_page(viewport={"width": 320, "height": 640})
        page.set_content(
            message_of(Distribution(), message_context(language=language, click=click)).html
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        boxes = [each.bounding_box() for each in page.locator("a.point").all()]
        assert len(boxes) == len(click.options)
        assert all(box and box["width"] >= 40 and box["height"] >= 40 for box in boxes)
        first, second = boxes[0], boxes[1]
        assert first and second
        if not click.is_labelled:
            assert (second["x"] > first["x"]) == (language == "en")
        page.close()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_light_and_dark(browser: Browser, scheme: str):
    page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_content(message_of(Distribution(), message_context(click=NPS, is_test=True)).html)
    pairs = page.evaluate(
        """() => [...document.querySelectorAll('p, a')].filter(e => e.innerText.trim()).map(e => {
            let back = e;
            while (getComputedStyle(back).backgroundColor === 'rgba(0, 0, 0, 0)') back = back.parentElement;
            return [getComputedStyle(e).color, getComputedStyle(back).backgroundColor];
        })"""
    )
    page.close()

    def written(colour: str) -> str:
        return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])

    assert len(pairs) > 12
    assert min(contrast(written(text), written(back)) for text, back in pairs) >= 4.5


def test_a_message_names_what_it_is_about_in_the_customers_language(store: Store):
    texts = {"touchpoint": "hakulomake"}
    with store.writing() as session:
        survey = make_survey(session, asks=("csat",))
        survey.languages, survey.texts = ["en", "fi", "sv"], {"fi": texts}
        survey.distribution = {"one_click": "csat-csat"}
        made = {
            language: message_of(
                Distribution(texts={language: MessageText(subject="{touchpoint}")}),
                of_survey(survey_of(survey), language, LINK, LEAVE, BUILT_IN, {}),
            )
            for language in ("fi", "sv")
        }
    assert {each: mail.subject for each, mail in made.items()} == {
        "fi": "hakulomake",
        "sv": "the application form",
    }
    assert "seuraavaan: hakulomake?" in made["fi"].html
