"""What a service journey study found, said from its values: the same in every language.

A stored study has English sentences of the analysis. In English they are printed as they were stored; in
another language they are said again from the numbers beside them. Of what has no number beside it the
English sentence is left, and marked as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from analysis.composite.sjq_discriminant import CUT
from analysis.digits import digits_beside
from surveyapp.i18n.words import ENGLISH, Words, msg

Section = Mapping[str, Any]
Named = Callable[[str, Words], str]
_CLAIMS = {
    "H1": msg("Service journey quality is positively associated with service quality."),
    "H2": msg("Service journey quality is positively associated with customer loyalty."),
    "H3": msg("Service quality mediates the association of service journey quality with loyalty."),
}
_KINDS = {
    "complementary": msg("complementary"),
    "competitive": msg("competitive"),
    "indirect-only": msg("indirect-only"),
    "direct-only": msg("direct-only"),
    "no effect": msg("no effect"),
}
_METHODS = {
    "PLS repeated": msg("PLS, repeated items"),
    "PLS two-stage": msg("PLS, two stages"),
    "PLS three-stage": msg("PLS, three stages"),
    "ML, second order reflective": msg("ML, second order reflective"),
}
_WHY = msg(
    "PLS with repeated items or two stages relates the composites that were measured, so that"
    " measurement error makes effects smaller; the three-stage way and maximum likelihood take it out."
    " Maximum likelihood moreover treats the second-order constructs as causes of their dimensions"
    " (reflective), so that it gives weight to what the dimensions share, whereas PLS treats them as"
    " composed of their dimensions (formative) and keeps what is particular to each."
)
_CAUTION = msg(
    "Another population, wording and time: context, not a target. Some printed figures do not reconcile"
    " with each other (.76 squared is 57.8 %, printed is 60 %), so small differences mean nothing."
)
_QUANTITIES = {
    "baseline total": msg("SJQ → loyalty, baseline"),
    "baseline r_squared loyalty": msg("Loyalty explained, baseline"),
    "full direct": msg("SJQ → loyalty, direct"),
    "full indirect": msg("SJQ → loyalty, through service quality"),
    "full total": msg("SJQ → loyalty, total"),
    "full service quality loyalty": msg("Service quality → loyalty"),
    "full r_squared service quality": msg("Service quality explained"),
}
_OF_DIMENSIONS = {
    "baseline weight": msg("Weight of {dimension}, baseline"),
    "full weight": msg("Weight of {dimension}"),
    "full path": msg("SJQ → {dimension}"),
}
_NO_MARKER = "the data has no marker items, so that the marker tests are left out"


def claim(row: Section, words: Words = ENGLISH) -> str:
    """A hypothesis in words."""
    said = None if words.is_english else _CLAIMS.get(row["code"])
    return words.say(said) if said else str(row["claim"])


def verdict(study: Section, row: Section, words: Words = ENGLISH) -> str:
    """What came of a hypothesis, with the sample that it was tested on."""
    if words.is_english:
        return str(row["verdict"])
    n = words.number(study["n"])
    if row["supported"]:
        said = words.say(
            "Supported in n = {n} answers of one survey at one time: the association is positive. The"
            " opposite direction or a common cause would look the same.",
            n=n,
        )
        return f"{said} {_mediated(study['mediation'], words)}" if row["code"] == "H3" else said
    if row["upper"] < 0:
        return words.say(
            "Contradicted in n = {n} answers of one survey at one time: the association is negative.",
            n=n,
        )
    return words.say("Not supported: the interval includes zero.")


def _mediated(found: Section, words: Words) -> str:
    if found["kind"] == "complementary" and found["vaf"] is not None:
        return words.say(
            "The mediation is partial: {share} of the total effect runs through service quality, and a"
            " direct effect in the same direction is left.",
            share=words.percent(100 * found["vaf"]),
        )
    if found["kind"] == "competitive":
        return words.say("The direct effect has the opposite sign to the indirect one.")
    return words.say("The mediation is full: no direct effect is left that differs from zero.")


def mediation_kind(kind: str, words: Words = ENGLISH) -> str:
    """The kind of a mediation, as Zhao, Lynch and Chen call it."""
    return kind if words.is_english else words.say(_KINDS.get(kind, kind))


def method_named(method: str, words: Words = ENGLISH) -> str:
    """A way of estimation."""
    return method if words.is_english else words.say(_METHODS.get(method, method))


def why_they_differ(study: Section, words: Words = ENGLISH) -> str:
    """Why ways of estimation come to other numbers."""
    return str(study["why_they_differ"]) if words.is_english else words.say(_WHY)


def caution(study: Section, words: Words = ENGLISH) -> str:
    """What keeps printed figures of another population from being a target."""
    return str(study["caution"]) if words.is_english else words.say(_CAUTION)


def quantity(row: Section, named: Named, words: Words = ENGLISH) -> str:
    """A printed figure's name. ``named``: what a construct is called."""
    if not words.is_english:
        if said := _QUANTITIES.get(row["key"]):
            return words.say(said)
        kind, _, dimension = str(row["key"]).rpartition(" ")
        if said := _OF_DIMENSIONS.get(kind):
            return words.say(said, dimension=words.inner(named(dimension, words)))
    return str(row["label"]).replace("->", "→")


def discriminant(study: Section, named: Named, words: Words = ENGLISH) -> list[str]:
    """What a reader must know of constructs that answers hardly tell apart."""
    stored: Sequence[str] = study.get("discriminant") or ()
    if words.is_english:
        return [f"{said[:1].upper()}{said[1:]}." for said in stored]
    return list(_of_pairs(study, named, words)) if stored else []


def _of_pairs(study: Section, named: Named, words: Words) -> Iterator[str]:
    pairs = study.get("htmt") or ()
    above = sorted((pair for pair in pairs if pair["above"]), key=lambda pair: -pair["htmt"])
    if not above:
        return
    yield words.say(
        "Discriminant validity: {n} of {all} HTMT values reach {cut} (largest {largest}).",
        n=words.number(len(above)),
        all=words.number(len(pairs)),
        cut=words.number(CUT, 2),
        largest=_pair(above[0], named, words),
    )
    if apart := [pair for pair in above if pair["block"] is None]:
        yield words.say(
            "Between constructs that the model keeps apart: {pairs}; answers hardly tell these apart, and"
            " a path or effect of one is not distinct from the other's.",
            pairs="; ".join(_pair(pair, named, words) for pair in apart),
        )
    for block in dict.fromkeys(pair["block"] for pair in above if pair["block"]):
        inside = [pair for pair in above if pair["block"] == block]
        yield words.say(
            "Within {block}: {pairs}; dimensions of one second-order construct share its meaning, so that"
            " high values may be expected, but their separate weights and importances are uncertain.",
            block=words.inner(named(block, words)),
            pairs="; ".join(_pair(pair, named, words) for pair in inside),
        )


def _pair(pair: Section, named: Named, words: Words) -> str:
    first, second = (words.inner(named(pair[end], words)) for end in ("first", "second"))
    value = words.number(pair["htmt"], digits_beside(pair["htmt"], CUT, 2))
    return words.say("{first} and {second} {value}", first=first, second=second, value=value)


def warnings(study: Section, named: Named, words: Words = ENGLISH) -> list[str]:
    """What to mind in the result, as sentences; what is only known in English says so."""
    stored = [str(each) for each in study["warnings"]]
    if words.is_english:
        return [f"{each}." for each in stored]
    pairs = list(study.get("discriminant") or ())
    left = [each for each in stored if each not in pairs and each != _NO_MARKER]
    said = [words.say("The data has no marker items, so that the marker tests are left out.")]
    found = said if _NO_MARKER in stored else []
    found += discriminant(study, named, words)
    return [*found, *(in_english(each, words) for each in left)]


def in_english(sentence: str, words: Words) -> str:
    """A sentence of the analysis that has no translation, marked."""
    return words.say("In English: {sentence}.", sentence=words.name(sentence.rstrip(".")))
