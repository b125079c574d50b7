"""What the analysis of a scale says of itself, said again in another language.

A stored validation has English sentences: warnings, why a solution is improper, by which numbers a step
of invariance fails. In English they are printed as they were stored. In another language those that are
known here are recognised, with the numbers and names within them, and said again; any other is left in
English and marked as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results.analyses.study_phrases import in_english

# Places that hold sentences of their own, and such that hold names; all others hold a number.
_SENTENCES = ("reason", "error", "tried", "cure", "opposed", "lost")
_NAMES = (
    *("item", "items", "factor", "factors", "group", "first", "second", "pairs", "choices"),
    *("measure", "measures", "estimator", "treatment", "column", "turned"),
)
_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?%?"
_PLACE = re.compile(r"\{(\w+)\}")
_LOST = re.compile(r"([\d.]+%) of level (\d+)")
_OPPOSED = re.compile(r"(\S+) \(item-rest correlation (-?[\d.]+)(?:, loading (-?[\d.]+))?\)")

# The more particular before the more general.
_SAID = (
    # Data and items.
    msg(
        "{item} is read the other way round, as {point} - {item}: the ends of its scale change places"
    ),
    msg(
        "{item} is read the other way round, as {point} - {item}: its lowest and highest answer in the"
        " data change places"
    ),
    msg("{item}: {n} answers lie outside {low} to {high}"),
    msg("need at least {needed} usable rows with an answer, have {found}"),
    msg("need at least {needed} usable complete rows, have {found}"),
    msg("need at least {needed} usable rows, have {found}"),
    msg("{items}: every answer is the same; leave the item out"),
    msg(
        "the covariance matrix is not positive definite (smallest eigenvalue {value}); look for duplicate"
        " or exactly dependent items among {items}"
    ),
    msg("{n} of {total} rows have a missing answer and were left out"),
    msg("{n} of {total} rows have no usable answer and were left out"),
    msg("{item}: nobody in group {group} chose {choices}"),
    msg("polychoric correlation at its bound: {pairs}"),
    msg("polychoric correlations: {error}"),
    msg("Mahalanobis distances: {error}"),
    msg("no answer is missing, so there is nothing to test"),
    msg("the covariance that EM estimates is singular; look for duplicate items"),
    # Direction of items.
    msg(
        "{factor}: {opposed} runs against the other items; {cure}; alpha would change from {before} to"
        " {after}. Nothing has been turned for it"
    ),
    msg(
        "{factor}: {opposed} run against the other items; {cure}; alpha would change from {before} to"
        " {after}. Nothing has been turned for it"
    ),
    msg(
        "if worded the other way round, turn with --reverse {items} (in a model: {turned}; in an"
        ' instrument: "reverse": true)'
    ),
    msg(
        "{items}: turned already; if these answers were turned before, take that reversal away (from"
        " --reverse or the model; or give a model in place of the instrument)"
    ),
    msg(
        "{items} runs against the other items of the factor; a loading or alpha says nothing of which item"
        " to drop before these are turned or left out"
    ),
    msg(
        "{items} run against the other items of the factor; a loading or alpha says nothing of which item"
        " to drop before these are turned or left out"
    ),
    # Missing answers.
    msg(
        "{n} of {total} rows ({share}) have a missing answer and are left out; full information maximum"
        " likelihood (missing answers: fiml) uses what they have and is unbiased under weaker conditions"
    ),
    msg(
        "{n} of {total} rows ({share}) have a missing answer and are left out; {estimator} takes complete"
        " rows only, MLR with fiml would use what they have"
    ),
    msg(
        "{n} of {total} rows ({share}) have a missing answer; the model uses what they have, analyses of"
        " complete rows leave them out"
    ),
    msg("the model by {treatment} did not converge, so there is no comparison"),
    # Number of factors.
    msg(
        "parallel analysis finds {components} components and {factors} common factors, the minimum average"
        " partial {partials}: no two agree, so that these rules do not settle the number of factors"
    ),
    msg(
        "parallel analysis finds {components} components and {factors} common factors, the minimum average"
        " partial {partials}: all three agree on {agreed}"
    ),
    msg(
        "parallel analysis finds {components} components and {factors} common factors, the minimum average"
        " partial {partials}: two of three agree on {agreed}"
    ),
    msg(
        "parallel analysis finds {components} components and {factors} common factors, the minimum average"
        " partial {partials}: two of three agree on {agreed}; common factors, compared by squared multiple"
        " correlations, are known to come out too many with many rows"
    ),
    msg(
        "parallel analysis finds {components} components and {factors} common factors, the minimum average"
        " partial {partials}: two of three agree on {agreed}; the minimum average partial is known to miss"
        " factors of few items or low loadings"
    ),
    msg("parallel analysis needs at least 3 items, found {n}"),
    msg("the MAP test needs at least 3 items, found {n}"),
    msg("{items} items cannot identify {factors} factors; ask for fewer"),
    msg("principal-axis factoring had not converged after 2000 iterations"),
    # Fitted models.
    msg(
        "n = {n} is below the advice of {needed} rows for {parameters} free parameters; trust intervals"
        " more than tests"
    ),
    msg(
        "the estimation did not converge in {n} iterations; the estimates are where it stopped, not a"
        " minimum, and are no result: there are neither standard errors nor fit measures. Simplify the"
        " model or give start() values"
    ),
    msg("the estimation did not converge; do not interpret"),
    msg("the estimation did not converge"),
    msg(
        "standard errors could not be computed: the information matrix is singular at the estimates"
    ),
    msg("the estimates are not determined (singular information)"),
    msg("the model has no degrees of freedom: it fits any data, and its fit says nothing"),
    msg(
        "Heywood case: the residual variance of {item} in group {group} is negative ({value}); the model"
        " may be wrong, or the sample too small for it"
    ),
    msg(
        "Heywood case: the residual variance of {item} is negative ({value}); the model may be wrong, or"
        " the sample too small for it"
    ),
    msg(
        "Heywood case: the variance of {factor} in group {group} is negative ({value}); the model may be"
        " wrong, or the sample too small for it"
    ),
    msg(
        "Heywood case: the variance of {factor} is negative ({value}); the model may be wrong, or the"
        " sample too small for it"
    ),
    msg("Heywood case: the residual variance of {item} is negative ({value})"),
    msg("the variance of {factor} is negative"),
    msg("{first} and {second} correlate {r}, beyond 1"),
    msg(
        "the covariance matrix of the latent variables in group {group} is not positive definite: factors"
        " correlate beyond 1; join or drop some"
    ),
    msg(
        "the covariance matrix of the latent variables is not positive definite: factors correlate beyond"
        " 1; join or drop some"
    ),
    msg(
        "the scaling factor of the robust test is {value}, not positive, which happens in small samples:"
        " the scaled test and the scaled and robust fit measures do not exist; the plain ones assume normal"
        " data"
    ),
    msg(
        "{measures}: a scaling factor of the robust fit measures is not positive, which happens in small"
        " samples, and they do not exist; use the scaled ones"
    ),
    msg("of {pairs} pairs of factors the {n} closest were merged"),
    # ESEM.
    msg("an ESEM needs at least 2 factors of at least 2 items each; too small: {factors}"),
    msg("an ESEM needs at least 2 factors of at least 2 items each"),
    msg("an ESEM needs a fit of this package's own engine"),
    msg(
        "the ESEM did not converge: there may be more factors than the items tell apart, or too few rows"
    ),
    msg('the rotation of the block "{block}" did not converge'),
    msg(
        'the rotation of the block "{block}" has {optima} local optima; {reached} of {starts} starts reached'
        " the best one, which is reported"
    ),
    # Dynamic cut-offs.
    msg("fits that did not converge were left out: {lost}"),
    msg("the samples are complete rows, {n} each, though the fit's have missing answers"),
    msg("dynamic cut-offs need a fit of this package's own engine"),
    msg(
        "ordinal answers are simulated for at most {most} items; the model has {n}: simulate its factors"
        " in parts"
    ),
    msg("the model converges in {n} of {samples} samples, too few for cut-offs; give more rows"),
    msg(
        "the model has {n} loadings and residual variances; cut-offs are simulated for at most {most},"
        " which takes minutes already"
    ),
    msg("a model without degrees of freedom always fits and has no cut-offs"),
    msg(
        "one factor needs 4 items without residual covariances for a misspecified population; found {n}"
    ),
    msg(
        "{factors} factors need {needed} with an item that loads on nothing else and has no residual"
        " covariance; found {n}"
    ),
    msg("the fit did not converge, so there is nothing to simulate from"),
    msg(
        "a variance of the fit is not above 0, so that no population has its estimates; mend the model"
        " first"
    ),
    msg("the model cannot be fitted to the population itself, so it is not simulated"),
    # Solutions that are none to interpret.
    msg("not admissible: Heywood case: {item} has a communality of {value}; {tried}"),
    msg("not admissible: a factor correlates beyond 1 with the general one"),
    msg("not admissible: {reason}. {tried}"),
    msg(
        "{n} further starts were tried (seed {seed}); the first solution was improper, this one is proper"
        " and fits as well or better"
    ),
    msg(
        "{n} further starts were tried (seed {seed}): {converged} converged, {proper} of them properly, but"
        " fitting worse"
    ),
    msg(
        "{n} further starts were tried (seed {seed}): {converged} converged, {proper} of them properly"
    ),
    msg(
        "tried {n} further starts (seed {seed}): the first solution was a Heywood case, this one is proper"
        " and fits as well or better"
    ),
    msg("tried {n} further starts (seed {seed}): none is proper"),
    msg("tried {n} further starts (seed {seed}): {proper} are proper, but fit worse"),
    # Reliability and validity.
    msg("alpha needs at least 2 items, found {n}"),
    msg(
        "{measure} is {value}: a negative value is no reliability but a sign that items run against each"
        " other or of an improper solution; more items do not mend it"
    ),
    msg("HTMT compares factors; there is only one"),
    msg("{n} of {total} resamples were inadmissible, left out"),
    msg("a bifactor model needs at least 2 factors of at least 3 items each; too small: {factors}"),
    msg("a bifactor model needs at least 2 factors of at least 3 items each"),
    msg("a second-order factor needs at least 3 factors, found {n}"),
    msg("a general factor needs at least 2 factors below it"),
    msg("lowest standardised loading below {cut}"),
    msg("without {item} the model cannot be fitted: {error}"),
    msg("the independent check covers maximum likelihood on complete rows only"),
    msg("the independent check takes up to {n} items"),
    msg("loading of {item}"),
    msg("correlation of {first} and {second}"),
    # Invariance.
    msg("group {group} was left out: {n} usable rows, needs {needed}"),
    msg(
        "{column}: 2 to {most} groups of at least {least} complete rows can be compared; found {kept} among"
        " {all}"
    ),
    msg(
        "robust CFI or RMSEA does not exist, so this step and the next are judged by the plain one"
    ),
    msg("CFI {cfi} against {least} and RMSEA {rmsea} against {most}"),
    msg("scaled CFI {cfi} against {least} and RMSEA {rmsea} against {most}"),
    msg(
        "CFI changes by {cfi} (bound {least}), and RMSEA by {rmsea} ({most}) or SRMR by {srmr} ({bound})"
    ),
    msg("scaled CFI changes by {cfi} (bound {least}) and RMSEA by {rmsea} ({most})"),
    msg("the fit of this step or of the one before did not converge"),
    msg("the fit of this step or of the one before has no CFI, RMSEA or SRMR"),
    msg(
        "the scaling factor of the difference ({value}) is negative, which happens in small samples: the"
        " scaled difference test does not exist; use method 2010 (Satorra & Bentler 2010) or method 2000"
        " (Satorra 2000)"
    ),
    # Threats to validity.
    msg("identical answers in a row"),
    msg("scale points (SD within the person)"),
    msg("D2 at p = {p}"),
    msg("seconds an item"),
    msg("full collinearity compares factors; give at least two"),
    msg("the marker test adjusts correlations between factors; give at least two"),
    msg("the marker sequence needs at least 2 factors and 2 marker items"),
    msg("{items}: the marker's items do not form a factor"),
    msg("a method factor beside fewer than 3 factors of several items is not identified"),
    msg(
        "a method factor without items of its own is not fitted by WLSMV, under which it seldom converges;"
        " choose ML, MLR or MLM for it, or measure a marker"
    ),
)
# What stands before a sentence, to which it belongs.
_BEFORE = {
    "harman": msg("Harman's test"),
    "full collinearity": msg("full collinearity"),
    "marker": msg("marker"),
    "marker sequence": msg("marker sequence"),
    "latent method factor": msg("latent method factor"),
    "one factor": msg("one factor"),
    "without": msg("without a method factor"),
    "with": msg("with a method factor"),
    "configural": msg("configural"),
    "metric": msg("metric"),
    "scalar": msg("scalar"),
    "strict": msg("strict"),
}


def clause(said: str, words: Words = ENGLISH) -> str:
    """A sentence of the analysis without its full stop, to stand within another."""
    if words.is_english:
        return said
    return _told(said, words) or in_english(said, words).removesuffix(".")


def sentence(said: str, words: Words = ENGLISH) -> str:
    """A sentence of the analysis with its full stop."""
    if words.is_english:
        return f"{said}."
    told = _told(said, words)
    if not told:
        return in_english(said, words)
    is_symbol = told[1:2] == " "  # as "n = 120" begins
    return f"{told if is_symbol else words.begun(told)}."


def _told(said: str, words: Words) -> str:
    """The sentence again, or empty: one that is known, several, or one behind what it is about."""
    for message, pattern in _patterns():
        found = pattern.fullmatch(said)
        if found is None:
            continue
        values = {name: _value(name, text, words) for name, text in found.groupdict().items()}
        if all(values.values()):
            return words.say(message, **values)
    return _behind(said, words) or _several(said, words)


def _several(said: str, words: Words) -> str:
    for at in (each.start() for each in re.finditer("; ", said)):
        first = _told(said[:at], words)
        second = _told(said[at + 2 :], words) if first else ""
        if second:
            return f"{first}; {second}"
    return ""


def _behind(said: str, words: Words) -> str:
    before, _, rest = said.partition(": ")
    known = _BEFORE.get(before)
    is_name = known or before in words.scales or " + " in before or " " not in before
    told = _told(rest, words) if rest and is_name else ""
    if not told:
        return ""
    name = words.say(known) if known else _named(before, words)
    return words.say("{subject}: {sentence}", subject=name, sentence=told)


def _value(name: str, text: str, words: Words) -> str:
    if name == "opposed":
        return words.joined(list(_opposed(text, words)))
    if name == "lost":
        return words.joined(list(_lost(text, words)))
    if name in _SENTENCES:
        return _told(text, words)
    return _number(text, words) if re.fullmatch(_NUMBER, text) else _named(text, words)


def _opposed(text: str, words: Words) -> Iterator[str]:
    for item, rest, loading in _OPPOSED.findall(text):
        values = {"item": words.name(item), "rest": _number(rest, words)}
        if loading:
            yield words.say(
                "{item} (item-rest correlation {rest}, loading {loading})",
                loading=_number(loading, words),
                **values,
            )
        else:
            yield words.say("{item} (item-rest correlation {rest})", **values)


def _lost(text: str, words: Words) -> Iterator[str]:
    for share, level in _LOST.findall(text):
        yield words.say(
            "{share} of level {level}", share=_number(share, words), level=_number(level, words)
        )


def _number(text: str, words: Words) -> str:
    """A number as the language writes it, with the digits and the sign that it has."""
    if "e" in text:
        return words.name(text)
    bare = text.rstrip("%").replace(",", "")
    decimals = len(bare.partition(".")[2])
    said = words.number(float(bare), decimals, signed=bare[0] == "+")
    return words.say("{number}%", number=said) if text[-1] == "%" else said


def _named(text: str, words: Words) -> str:
    """Names as they are; those of factors as their scales are called."""
    parts = text.split(", ")
    titles = [words.scales.get(part) for part in parts]
    if all(titles):
        return words.joined([words.inner(title) for title in titles if title])
    return words.name(text)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each message with what recognises it."""
    return tuple((message, _pattern(message)) for message in _SAID)


def _pattern(message: str) -> re.Pattern[str]:
    seen: Mapping[str, None] = {}
    written = []
    for at, part in enumerate(_PLACE.split(message)):
        if at % 2 == 0:
            written.append(re.escape(part))
        elif part in seen:
            written.append(f"(?P={part})")
        else:
            seen = {**seen, part: None}
            written.append(f"(?P<{part}>{_form(part)})")
    return re.compile("".join(written), re.DOTALL)


def _form(place: str) -> str:
    """What a place may hold."""
    if place in _SENTENCES:
        return ".+?"
    return "[^;:]+?" if place in _NAMES else _NUMBER
