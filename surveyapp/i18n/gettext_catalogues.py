"""The phrases as gettext messages, and the catalogue of each language that translates them.

A catalogue is a .po file, which every translation tool opens. It is read when its language is first
spoken; a few dozen phrases take milliseconds, so nothing compiled has to be kept in step with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from surveyapp.i18n.phrases import Phrases
from surveyapp.i18n.plurals import Plural

CATALOGUES = files("surveyapp.i18n").joinpath("catalogues")
NO_PHRASES = ("language_tag", "right_to_left")
PROJECT = "surveyapp"


def phrases() -> Iterator[tuple[str, str | Plural]]:
    """Every phrase with its field's name, in the order of ``Phrases``."""
    english = Phrases()
    for field in fields(Phrases):
        if field.name not in NO_PHRASES:
            yield field.name, getattr(english, field.name)


def template() -> Catalog:
    """The messages that every catalogue has to translate.

    Each has its field's name as context, so that two fields with the same English, such as a label
    and a button, can be said in two ways.
    """
    catalogue = Catalog(project=PROJECT, charset="utf-8")
    for name, phrase in phrases():
        message = (phrase.one, phrase.many) if isinstance(phrase, Plural) else phrase
        catalogue.add(message, context=name)
    return catalogue


def catalogue(language: str) -> Catalog:
    """A language's catalogue as its file has it. FileNotFoundError where the language has none."""
    with CATALOGUES.joinpath(f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def untranslated(catalogue: Catalog) -> list[Message]:
    """The messages that are said in English: without a translation, short of a form, or fuzzy."""
    return [message for message in catalogue if message.id and not _is_whole(message, catalogue)]


def _is_whole(message: Message, catalogue: Catalog) -> bool:
    said = message.string
    forms = said if isinstance(said, (tuple, list)) else (said,)
    needed = catalogue.num_plurals if message.pluralizable else 1
    return not message.fuzzy and len(forms) == needed and all(forms)


def translations(language: str) -> GNUTranslations:
    """A language's catalogue, ready to speak; what it lacks or calls fuzzy is said in English."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _begun(language: str) -> Catalog:
    return Catalog(
        locale=language,
        header_comment=f"# What customers read beside the questions, in the language {language!r}.",
        project=PROJECT,
        version="1",
        msgid_bugs_address=PROJECT,  # Babel writes invented names and addresses where it has none
        last_translator=PROJECT,
        language_team=PROJECT,
        charset="utf-8",
        fuzzy=False,
    )


def refreshed(language: str) -> bytes:
    """A language's .po file brought up to the phrases: new ones empty, gone ones dropped.

    A phrase that was changed keeps its translation, marked fuzzy: it is not used before somebody
    has looked at it and taken the mark away.
    """
    try:
        known = catalogue(language)
    except FileNotFoundError:
        known = _begun(language)
    before = {message.context: message for message in known if message.id}
    known.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    known.obsolete.clear()
    for message in known:
        _keep_in_doubt(message, before.get(message.context))
    written = BytesIO()
    write_po(written, known, width=100)
    return written.getvalue()


def _keep_in_doubt(message: Message, before: Message | None) -> None:
    if before is None or before.id == message.id or before.pluralizable != message.pluralizable:
        return
    message.string = before.string
    message.flags.add("fuzzy")
