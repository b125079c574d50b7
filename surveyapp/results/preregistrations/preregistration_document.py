"""The document of a registered plan: its canonical JSON, the hash over it, and what a version changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.results.projects.options import options_in_words

FORMAT = "surveyapp-preregistration/1"
# The fields that are texts, by their names in the document and on paper.
TEXTS: Mapping[str, str] = {
    "design": "Design",
    "n_reason": "Reason for the number of respondents",
    "exclusions": "Rules for exclusion",
    "stopping": "Rule for stopping",
    "outcome": "Primary outcome",
    "analyses": "Planned analyses",
}
SIGNS: Mapping[str, str] = {"": "no sign expected", "+": "positive", "-": "negative", "0": "none"}
# How p values are adjusted for the number of hypotheses.
CORRECTIONS: Mapping[str, str] = {
    "": "no adjustment",
    "holm": "Holm",
    "bonferroni": "Bonferroni",
    "benjamini-hochberg": "Benjamini-Hochberg (false discovery rate)",
}
# Which of the plan's tests are adjusted together.
FAMILIES: Mapping[str, str] = {
    "": "those of one model, in each group by itself",
    "all": "those of all planned models and groups",
}
_DIGITS = set("0123456789abcdef")


def canonical(document: Mapping[str, Any]) -> str:
    """The one text of a document: keys sorted, no spaces, UTF-8.

    >>> canonical({"b": [1, "ä"], "a": None})
    '{"a":null,"b":[1,"ä"]}'
    """
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def hash_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_of(text: str, sha256: str) -> str:
    """The file that is downloaded: the document with its hash beside it."""
    found = {"sha256": sha256, "document": json.loads(text)}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def check_file(content: bytes) -> tuple[dict[str, Any], str, str]:
    """The document of a downloaded file, the hash that the file states, and the one of its document.

    Raises Invalid for what is no such file.
    """
    try:
        found = json.loads(content.decode())
        document, stated = found["document"], str(found["sha256"]).lower()
        if document["format"] != FORMAT or set(stated) - _DIGITS or len(stated) != 64:
            raise KeyError("format")
        return document, stated, hash_of(canonical(document))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid(
            "This is no file of a preregistration; download it as JSON from the plan's page"
        ) from error


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What the fields of a plan hold otherwise than those of the version before, in sentences."""
    said = [
        f"{label} changed." for name, label in TEXTS.items() if before.get(name) != after.get(name)
    ]
    if before["n"] != after["n"]:
        said.append(f"Planned respondents: {_or_none(before['n'])} became {_or_none(after['n'])}.")
    if before["last_day"] != after["last_day"]:
        said.append(
            f"Last day of data collection: {before['last_day'] or 'none'} became"
            f" {after['last_day'] or 'none'}."
        )
    corrections = [CORRECTIONS[each.get("correction", "")] for each in (before, after)]
    if corrections[0] != corrections[1]:
        said.append(f"Adjustment of p values: {corrections[0]} became {corrections[1]}.")
    families = [FAMILIES[each.get("family", "")] for each in (before, after)]
    if families[0] != families[1]:
        said.append(f"Tests adjusted together: {families[0]} became {families[1]}.")
    said += _listed("Hypothesis", before["hypotheses"], after["hypotheses"], hypothesis_in_words)
    said += _listed("Step", before["steps"], after["steps"], lambda step: step["words"])
    said += _listed("Model", before["models"], after["models"], model_in_words)
    return said


def hypothesis_in_words(hypothesis: Mapping[str, str]) -> str:
    """The hypothesis with what it expects of a parameter."""
    if not hypothesis["parameter"]:
        return hypothesis["text"]
    return f"{hypothesis['text']} ({hypothesis['parameter']}: {SIGNS[hypothesis['sign']]})"


def model_in_words(model: Mapping[str, Any]) -> str:
    """A planned model's name and how it is estimated."""
    return f"{model['name']} ({options_in_words(model['kind'], model['options'], model['text'])})"


def _listed(label: str, before: Sequence[Any], after: Sequence[Any], said: Any) -> list[str]:
    added = [f"{label} added: {said(each)}." for each in after if each not in before]
    return [f"{label} taken out: {said(each)}." for each in before if each not in after] + added


def _or_none(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"
