"""Cut-offs of fit indices for this model and this number of answers."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.covariance.simulation.dynamic_cutoffs import Cutoff
from analysis.covariance.simulation.factor_population import Omitted
from analysis.scale.sections.dynamic_cutoffs import DynamicCutoffsSection
from surveyapp.i18n.words import Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Block, Cell, Column, Look, Paragraph, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import of_three_digits, plain

INDICES = ("srmr", "rmsea", "cfi")
_PASSED = 95  # percent of the model's own samples
_LEAST = 50  # percent of the misspecified samples
_REACHED = msg("{index} reaches the cut-off of level {level} of {highest}")
_BETTER = msg("{index} reaches no cut-off")
_UNKNOWN = msg("{index} has no cut-off")


def _drawn(
    section: DynamicCutoffsSection, study: ValidationStudy, number: Numbers
) -> Iterator[Block]:
    words = study.words
    yield Table(
        number=next(number),
        title=words.say("Dynamic Cut-Offs of Fit Indices"),
        columns=[
            Column(words.say("Level"), 0.09),
            Column(words.say("Omitted from the model"), 0.31),
            *(column for index in INDICES for column in _columns(index.upper(), words)),
        ],
        cells=[*_rows(section, words), _own(section, words)],
        note=_note(section, words),
        look=Look.APA,
    )
    yield Paragraph((_reading(section, words),))


def _columns(index: str, words: Words) -> Iterator[Column]:
    """The cut-off of an index, and the share of samples that it finds."""
    share = words.say("Share")
    yield Column(index, 0.11, of_three_digits(words))
    yield Column(share, 0.09, Apa(words).percent, name=words.joined([index, words.inner(share)]))


def _rows(section: DynamicCutoffsSection, words: Words) -> Iterator[list[Cell]]:
    for level in section.levels:
        added = words.joined([_omission(one, words) for one in level.added])
        row: list[Cell] = [words.number(level.level), added or words.say("nothing")]
        for index in INDICES:
            cutoff: Cutoff = getattr(level, index)
            row += [cutoff.value, cutoff.sensitivity]
        yield row


def _own(section: DynamicCutoffsSection, words: Words) -> list[Cell]:
    row: list[Cell] = [words.say("Model"), ""]
    for index in INDICES:
        row += [section.fit.get(index), ""]
    return row


def _omission(one: Omitted, words: Words) -> str:
    value = Apa(words).bounded(one.value)
    if one.op == "=~":
        return words.say(
            "{item} on {factor} ({value})",
            item=words.name(one.rhs),
            factor=plain(one.lhs, words),
            value=value,
        )
    return words.say(
        "{first} with {second} ({value})",
        first=words.name(one.lhs),
        second=words.name(one.rhs),
        value=value,
    )


def _note(section: DynamicCutoffsSection, words: Words) -> str:
    errors = [
        cutoff.error
        for level in section.levels
        for cutoff in (level.srmr, level.rmsea, level.cfi)
        if cutoff.error is not None
    ]
    passed = words.percent(_PASSED)
    said = [
        words.say(
            "{reps} simulated samples of n = {n} a level, seed {seed}.",
            reps=words.number(section.reps),
            n=words.number(section.n),
            seed=str(section.seed),
        ),
        words.say(
            "Level 0 is the model itself: the share is that of its samples within the cut-off."
        ),
        words.say(
            "Above it, levels add to each other what the model omits, as standardised cross-loadings"
            " or residual correlations; the share is that of misspecified samples which the cut-off"
            " finds while it passes {passed} of the model's own.",
            passed=passed,
        ),
        words.say(
            "That share is lowered from {passed} where both overlap; no cut-off is given below {least}.",
            passed=passed,
            least=words.percent(_LEAST),
        ),
    ]
    if section.answers == "ordinal":
        said.append(
            words.say(
                "The samples' answers are cut at the items' thresholds and fitted by WLSMV {work}; RMSEA and"
                " CFI are those of the scaled and shifted test.",
                work=cited("mcneish-2023-categorical"),
            )
        )
    if errors:
        said.append(
            words.say(
                "The cut-offs' standard error by simulation is at most {error}.",
                error=Apa(words).bounded(max(errors), 4),
            )
        )
    return " ".join(said)


def _reading(section: DynamicCutoffsSection, words: Words) -> str:
    said = [_told(section, words)]
    if any(section.reached.get(index, 0) for index in INDICES):
        said.append(
            words.say(
                "A model that reaches a level's cut-off fits no better than one from which everything up"
                " to that level was omitted."
            )
        )
    said.append(
        words.say(
            "Dynamic cut-offs are simulated for this model and sample size; conventional ones come from"
            " other models {work}.",
            work=cited("mcneish-2023"),
        )
    )
    return " ".join(said)


def _told(section: DynamicCutoffsSection, words: Words) -> str:
    """Which levels the model's indices reach, all of them together where they agree."""
    reached = {index: section.reached.get(index, 0) for index in INDICES}
    highest = words.number(section.levels[-1].level)
    without = [index for index in INDICES if not _has_any(section, index)]
    names = words.listed([index.upper() for index in INDICES])
    if len(without) == len(INDICES):
        return words.say(
            "No index has a cut-off at any level: too few of the misspecified samples can be told from the"
            " model's own."
        )
    if not without and not any(reached.values()):
        return words.say(
            "{indices} of the model are better than the cut-offs of every level.", indices=names
        )
    if not without and len(set(reached.values())) == 1:
        return words.say(
            "{indices} of the model reach the cut-off of level {level} of {highest}.",
            indices=names,
            level=words.number(max(reached.values())),
            highest=highest,
        )
    each = []
    for index, level in reached.items():
        said = _UNKNOWN if index in without else _REACHED if level else _BETTER
        values = {"level": words.number(level), "highest": highest}
        each.append(words.say(said, index=words.name(index.upper()), **values))
    return f"{words.begun(words.listed(each))}."


def _has_any(section: DynamicCutoffsSection, index: str) -> bool:
    """Whether a level above the model itself has a cut-off of the index."""
    return any(getattr(level, index).value is not None for level in section.levels[1:])


PARTS = (Part(DynamicCutoffsSection, Chapter.CONFIRMATORY, 15, _drawn, explained=True),)
