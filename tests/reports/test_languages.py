"""A report speaks the language that it was asked for in, with every word, or is refused by name."""

from __future__ import annotations

import ast
import io
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from docx import Document as WordFile
from pptx import Presentation
from pypdf import PdfReader

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.i18n.isolates import begins_right
from surveyapp.i18n.report_languages import REPORT_LANGUAGES
from surveyapp.i18n.report_messages import said_in, template
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.installation import Installation, open_installation
from surveyapp.reports import make
from surveyapp.reports.actions import KINDS, ask_report, scope_of
from surveyapp.reports.document import Document, Paragraph, Tone
from surveyapp.reports.journeys import benchmark, executive, partner
from surveyapp.reports.journeys.partner_numbers import numbers_of
from surveyapp.reports.languages import SAID_BY, offered
from surveyapp.reports.studies import study
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.registry import drawings
from surveyapp.results.scale_titles import in_library
from surveyapp.results.scope import Comparison, Scope
from surveyapp.settings import read
from surveyapp.store.models import Journey, PlannedAction, Report, Segment, Target, Touchpoint
from tests.reports import study_document
from tests.results import bank

pytestmark = pytest.mark.xdist_group("report languages")  # its tests share what is made once

ROOT = Path(__file__).parents[2]
PARTNER = "Zzz Ltd"
MODULES = {
    "sjq_study": "studies.study",
    "validation": "validation.content",
    "privacy": "privacy.content",
    "benchmark": "journeys.benchmark",
    "executive": "journeys.executive",
    "partner": "journeys.partner",
    "scale_evidence": "scale_development.evidence",
}
WHEN = {"since": date(2026, 5, 1), "until": date(2026, 10, 31)}
TRANSLATED = [language for language in REPORT_LANGUAGES if language != "en"]
_PLACE = re.compile(r"\{\w+\}")
TITLES = {
    "Service Journey Quality", "Service journey quality", "Personalization", "Coherence",
    "Seamlessness", "service journey quality", "personalization", "coherence", "seamlessness",
    "Net Promoter Score (NPS)", "Customer satisfaction",
}  # fmt: skip
MONTHS = {
    f"{month}{ending}"
    for month in (
        "tammi", "helmi", "maalis", "huhti", "touko", "kesä",
        "heinä", "elo", "syys", "loka", "marras", "joulu",
    )
    for ending in ("kuuta", "kuu", "–", ".", "")
}  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]{3,}")


@pytest.fixture(scope="module")
def installation(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("languages")
    database = shutil.copy(migrated_sqlite, home / "surveyapp.db")
    opened = open_installation(read({}, home=home, database_url=f"sqlite:///{database}"))
    with opened.store.writing() as session:
        made = bank.filled(session)
        session.add(
            Target(journey_id=made.journey, metric="sjq", value=50.0, due=date(2027, 5, 29))
        )
        session.add(PlannedAction(journey_id=made.journey, title="Zzz 1", due_on=date(2020, 1, 1)))
        session.add(PlannedAction(journey_id=made.journey, title="Zzz 2"))
        for code in ("id", "meet"):
            session.get_one(Touchpoint, made.touchpoints[code]).partner = PARTNER
    yield opened
    opened.close()


def asked(installation: Installation, kind: str, language: str, *formats: str) -> int:
    with installation.store.writing() as session:
        scope = Scope(session.query(Journey).one().id, **WHEN, comparison=Comparison.BEFORE)
        partner = PARTNER if kind == "partner" else ""
        return ask_report(
            session,
            kind=kind,
            scope=scope,
            formats=formats,
            partner=partner,
            language=language,
            user_id=None,
        ).id


class Marked(NullTranslations):
    """A language that marks every word it says, and knows the messages of the code alone."""

    def __init__(self) -> None:
        super().__init__()
        self.known = {message.id for message in template()}

    def gettext(self, message: str) -> str:
        assert message in self.known, f"{message!r} is no message of the code"
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        assert (one, many) in self.known, f"{one!r} is no message of the code"
        return f"⟦{many}⟧"


def unmarked(text: str) -> str:
    """What stands outside the marks."""
    inside = re.compile("⟦[^⟦⟧]*?(?:⟧|…)")
    while inside.search(text):
        text = inside.sub("", text)
    return text


def texts(value: Any) -> Iterator[str]:
    """Every text of a document, of drawings those that are read."""
    if isinstance(value, str):
        if value.lstrip().startswith("<svg"):
            # A text of several lines is in as many elements.
            yield " ".join(re.findall(r">([^<>]+)<", value))
            yield from re.findall(r'aria-label="([^"]*)"', value)
        else:
            yield value
    elif is_dataclass(value) and not isinstance(value, type | Words):
        for field in fields(value):
            if field.name not in (
                "words",
                "look",
                "tone",
                "style",
                "paper",
                "align",
                "name",
                "keywords",
            ):
                yield from texts(getattr(value, field.name))
    elif isinstance(value, Mapping | list | tuple):
        for each in value:
            yield from texts(each)


def names(document: Document, session: Any) -> set[str]:
    """What somebody has typed, which no language translates, and acronyms."""
    journey = session.query(Journey).one()
    found = {journey.name, journey.code, document.author, "CSAT", "NPS", "CES", "SJQ", "Zzz"}
    for stage in journey.stages:
        found |= {stage.name, *(point.name for point in stage.touchpoints)}
        found |= {point.channel for point in stage.touchpoints}
        found |= {point.partner for point in stage.touchpoints if point.partner}
    return found | {name for name, _ in bank.SEGMENTS.values()}


def left_over(document: Document, known: set[str]) -> list[str]:
    """Words of a marked document that no catalogue can translate."""
    found = []
    for text in texts(document):
        rest = unmarked(text)
        for name in sorted(known, key=len, reverse=True):
            rest = rest.replace(name, "")
        if _LETTERS.search(rest):
            found.append(text)
    return found


def executive_page(installation: Installation, words: Words) -> tuple[Document, set[str]]:
    number = asked(installation, "executive", "en")
    with installation.store.reading() as session:
        report = session.get_one(Report, number)
        sheet = make._sheet(installation, session, report)
        assert scope_of(report).until == WHEN["until"]
        document = executive.content(sheet, made=date(2026, 11, 29), words=words)
        return document, names(document, session)


def test_every_word_of_the_executive_page_is_a_message(installation: Installation):
    """In a language that marks what it says, nothing but names and days stands outside the marks."""
    document, known = executive_page(installation, Words("fi", catalogue=Marked()))
    known |= TITLES | MONTHS
    assert left_over(document, known) == []


@pytest.mark.parametrize("segment", ["", "South"])
def test_every_word_of_the_benchmark_report_is_a_message(installation: Installation, segment: str):
    """Likewise, drawings included; what instruments cite and say of themselves stays as it is."""
    with installation.store.writing() as session:
        found = session.query(Segment).filter_by(name=segment).one_or_none()
        journey = session.query(Journey).one().id
        scope = Scope(journey, found.id, **WHEN) if found else Scope(journey, **WHEN)
        number = ask_report(session, kind="benchmark", scope=scope, user_id=None).id
    with installation.store.reading() as session:
        numbers = make._numbers(installation, session, session.get_one(Report, number))
        document = benchmark.content(
            numbers, made=date(2026, 11, 29), words=Words("fi", catalogue=Marked())
        )
        known = names(document, session) | TITLES | MONTHS
    for each in numbers.overview.instruments:
        known |= {each.citation, each.note, each.title, f"{each.instrument} {each.version}"}
        known.add(each.key or each.instrument)
    known |= {figure.definition.label for figure in numbers.overview.figures}
    known |= {numbers.overview.goal, "Rocks 2016", "region = South", "Meeting an adviser"}
    kept = [
        block
        for block in document.blocks
        if not (isinstance(block, Paragraph) and block.tone is Tone.REFERENCE)
    ]
    found = left_over(replace(document, blocks=kept), known)
    assert found == []


def test_every_word_of_the_partner_report_is_a_message(installation: Installation):
    """Likewise; questions and answers stand in the words that were asked."""
    number = asked(installation, "partner", "en")
    with installation.store.reading() as session:
        numbers = numbers_of(installation, session, session.get_one(Report, number))
        numbers = replace(numbers, quotes={})
        document = partner.content(
            numbers, made=date(2026, 11, 29), words=Words("fi", catalogue=Marked())
        )
        known = names(document, session) | TITLES | MONTHS | {PARTNER, "Ltd"}
    for each in numbers.overview.instruments:
        known |= {each.citation, each.note, each.title, f"{each.instrument} {each.version}"}
        known.add(each.key or each.instrument)
    for given in (each for found in numbers.answers.values() for each in found):
        known |= {given.question, *(part.label for part in given.answers)}
    known |= {figure.definition.label for figure in numbers.overview.figures}
    kept = [
        block
        for block in document.blocks
        if not (isinstance(block, Paragraph) and block.tone is Tone.REFERENCE)
    ]
    assert left_over(replace(document, blocks=kept), known) == []


def test_every_word_of_the_study_is_a_message():
    """Likewise; a sentence of the analysis that no number stands beside says that it is English."""
    found = study_document.document()
    found["study"]["warnings"] = [*found["study"]["warnings"], "qqq rrr"]
    asked = Study(found, "Zzz", "Zzz", None, "Zzz", date(2026, 11, 22), library=BUILT_IN)
    words = Words("fi", catalogue=Marked())
    document = study.content(asked, made=date(2026, 11, 29), words=words)
    known = set(MONTHS) | {"Zzz", "SJQ", "VIF", "RMSE", "AVE"}
    for code in ("sjq", "servqual-p", "loyalty", "marker"):
        titles = BUILT_IN.load(code).wording("fi").dimensions.values()
        known |= {*titles, *(words.inner(title) for title in titles)}
    known |= {item.code[:3] for item in BUILT_IN.load("sjq").items} | {"loy"}
    kept = [
        block
        for block in document.blocks
        if not (isinstance(block, Paragraph) and block.tone in (Tone.REFERENCE, Tone.NOTE))
    ]
    rest = left_over(replace(document, blocks=kept), known)
    told = (found["fingerprint"], "surveyapp study", found["format"], "numpy", "NumPy", "Jaakkola")
    assert [each for each in rest if not any(name in each for name in told)] == []
    assert "⟦In English: qqq rrr.⟧" in texts(document)


@pytest.mark.parametrize(
    ("kind", "title"),
    [("benchmark", "Palvelupolun vertailuraportti"), ("partner", "Kumppaniraportti")],
)
def test_a_report_reads_finnish(installation: Installation, kind: str, title: str):
    """Read back from paper, no message is said in English."""
    number = asked(installation, kind, "fi")
    make.of_scope(installation, number, progress=lambda *_: None)
    with installation.store.reading() as session:
        report = session.get_one(Report, number)
        assert report.file is not None
        pages = PdfReader(io.BytesIO(installation.files.read(report.file))).pages
        flat = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    assert title in flat and "Käännösluonnos" in flat
    said = [each for each in english(kind) if each in flat]
    assert said == []


def test_titles_of_scales_are_those_of_the_library(installation: Installation):
    number = asked(installation, "executive", "fi")
    with installation.store.reading() as session:
        overview = make._sheet(installation, session, session.get_one(Report, number)).overview
    words = in_library(Words("fi"), BUILT_IN, overview.instruments)
    wording = BUILT_IN.load("sjq").wording("fi")
    assert words.instruments["sjq"] == wording.title
    assert words.scales["sjq.coherence"] == wording.dimensions["coherence"]
    assert set(in_library(Words("et"), BUILT_IN, overview.instruments).scales) == {"response_rate"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_page_is_one_sheet_of_its_language(installation: Installation, language: str):
    """Read back, it has no English message's words, and says that it is a draft."""
    number = asked(installation, "executive", language, "docx", "pptx", "html")
    make.of_scope(installation, number, progress=lambda *_: None)
    with installation.store.reading() as session:
        report = session.get_one(Report, number)
        assert report.file is not None and report.content is not None
        reader = PdfReader(io.BytesIO(installation.files.read(report.file)))
        files = {each.format: installation.files.read(each.file) for each in report.documents}
    assert len(reader.pages) == 1
    assert reader.trailer["/Root"]["/Lang"] == language
    said = {
        "pdf": " ".join(page.extract_text() for page in reader.pages),
        "docx": "\n".join(
            p.text for p in WordFile(io.BytesIO(files["docx"])).element.body.iter() if p.text
        ),
        "pptx": "\n".join(
            shape.text_frame.text
            for slide in Presentation(io.BytesIO(files["pptx"])).slides
            for shape in slide.shapes
            if shape.has_text_frame
        ),
        "html": files["html"].decode(),
    }
    for form, text in said.items():
        flat = re.sub(r"\s+", " ", text)
        assert [each for each in english("executive") if each in flat] == [], form
    draft = {"fi": "Käännösluonnos", "de": "Übersetzungsentwurf", "ar": "ترجمة أولية"}.get(language)
    assert draft is None or all(draft in said[form] for form in ("pptx", "html"))
    is_arabic = language == "ar"
    assert (f'lang="{language}" dir="rtl"' in said["html"]) is is_arabic
    marks = WordFile(io.BytesIO(files["docx"])).element.xml
    assert ("w:bidiVisual" in marks, "w:bidi/" in marks) == (is_arabic, is_arabic)


def english(kind: str) -> list[str]:
    """What a message of the kind says in English between its places, where it is a phrase."""
    places = {f"{module.replace('.', '/')}.py" for module in SAID_BY[kind]}
    found: set[str] = set()
    for message in template():
        if message.id and places & {place for place, _ in message.locations}:
            for text in message.id if message.pluralizable else (str(message.id),):
                parts = (part.strip(" .,:;()") for part in _PLACE.split(text))
                found |= {part for part in parts if len(_LETTERS.findall(part)) > 1}
    return sorted(found)


def test_arabic_pages_begin_at_the_right(installation: Installation):
    document, _ = executive_page(installation, make.written_in("ar"))
    words = re.compile("(?:[\u0600-\u06ff]+ ){3}")
    sentences = [text for text in texts(document) if words.search(text)]
    assert len(sentences) > 5
    assert all(begins_right(text) for text in sentences)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_offers_english_and_what_is_whole(kind: str):
    assert offered(kind) == (("en", *TRANSLATED) if kind in SAID_BY else ("en",))


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("executive", "et", "Executive page cannot be written in et; choose English"),
        ("validation", "et", "Scale validation report cannot be written in et; choose English"),
    ],
)
def test_another_language_is_refused_by_name(
    installation: Installation, kind: str, language: str, said: str
):
    with pytest.raises(Invalid, match=said) as refused:
        asked(installation, kind, language)
    assert refused.value.field == "report_language"


def test_english_is_not_stored_and_another_language_is(installation: Installation):
    numbers = asked(installation, "executive", "en"), asked(installation, "executive", "sv")
    with installation.store.reading() as session:
        one, other = (session.get_one(Report, number) for number in numbers)
        assert "report_language" not in one.parameters and one.title.startswith("Executive page:")
        assert other.parameters["report_language"] == "sv"
        assert other.title.startswith("Sammanfattning för ledningen: ") and other.title.endswith(
            ", Svenska"
        )


def imported(module: str, seen: dict[str, Path]) -> None:
    """Every own module that one imports, one by one, by its name."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    path = path if path.exists() else ROOT / module.replace(".", "/") / "__init__.py"
    if module in seen or not path.exists():
        return
    seen[module] = path
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("surveyapp"):
            imported(str(node.module), seen)
            for name in node.names:
                imported(f"{node.module}.{name.name}", seen)


@pytest.mark.parametrize("kind", sorted(SAID_BY))
def test_a_kind_names_every_file_whose_messages_it_says(kind: str):
    seen: dict[str, Path] = {}
    imported(f"surveyapp.reports.{MODULES[kind]}", seen)
    if kind == "validation":
        for module in drawings().values():  # found by the sections' names, not by an import
            imported(module.__name__, seen)
    imported("surveyapp.reports.formats.writers", seen)
    saying = {module for module, path in seen.items() if any(said_in(path))}
    assert saying - {"surveyapp.i18n.report_messages"} == set(SAID_BY[kind])


def test_english_words_are_the_source():
    assert ENGLISH.is_english and ENGLISH.draft == ""
    assert not Words("de").is_english
