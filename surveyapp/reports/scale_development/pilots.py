"""What pilots showed, as a chapter of a scale's evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.i18n.words import Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import (
    Block,
    Callout,
    Column,
    Heading,
    Interval,
    Look,
    Paragraph,
    Table,
    italic,
)
from surveyapp.results.analyses.validation_phrases import clause, sentence
from surveyapp.scale_development.evidence import Evidence

Section = Mapping[str, Any]
# How a short form was searched, as analysis.scale.short_form names it.
_METHODS = {
    "all subsets": msg("all subsets"),
    "one item left out at a time": msg("one item left out at a time"),
}


def pilot_blocks(found: Evidence, number: Iterator[int], words: Words) -> Iterator[Block]:
    """The chapter of a scale's pilots; those that were not analysed are left out."""
    yield Heading(words.say("Pilot"))
    done = [each for each in found.pilots if each.result]
    if not done:
        yield Callout(words.say("No pilot"), words.say("No pilot has been analysed."))
        return
    names = {each.code: each.name for each in found.constructs}
    for pilot in done:
        result: Section = pilot.result or {}
        yield Heading(words.alone(pilot.name), level=2)
        yield Paragraph(_pilot_said(result, names, words))
        if result["absent"]:
            missing = words.name(", ".join(result["absent"]))
            yield Paragraph(words.say("Not among the answers: {items}.", items=missing))
        for reason in result["refused"].values():
            yield Callout(words.say("Not analysed"), words.begun(sentence(reason, words)))
        yield _item_table(result, names, next(number), words)
        if result["efa"]:
            yield _efa_table(result["efa"], next(number), words)
            yield from _warned(result["efa"], words)
        if result["cfa"]:
            yield _cfa_table(result["cfa"], names, next(number), words)
            yield Paragraph(_confirmed_said(result["cfa"], names, words))
            yield from _warned(result["cfa"], words)
        if result["short_form"]:
            yield from _short_form(result["short_form"], names, next(number), words)


def _pilot_said(result: Section, names: Mapping[str, str], words: Words) -> str:
    write = Apa(words)
    first, second = result["halves"]
    said = [
        words.say(
            "{n} respondents; seed {seed} splits them into {first} whose answers are explored and {second}"
            " whose answers confirm.",
            n=words.number(result["n"]),
            seed=words.name(str(result["seed"])),
            first=words.number(first),
            second=words.number(second),
        )
    ]
    for each in result["reliability"]:
        alpha, name = each["alpha"], names.get(each["dimension"], each["dimension"])
        said.append(
            words.say(
                "{dimension}: Cronbach's α = {alpha}, 95% CI {ends} (n = {n}).",
                dimension=words.name(name),
                alpha=write.bounded(alpha["estimate"]),
                ends=write.between(alpha["lower"], alpha["upper"]),
                n=words.number(each["n"]),
            )
        )
    if result["efa"]:
        suggested = clause(result["efa"]["suggested"], words)
        said.append(words.say("Number of factors: {suggested}.", suggested=suggested))
    if result["cfa"]:
        fit = result["cfa"]["fit"]
        said.append(
            words.say(
                "The model of the dimensions has χ²({df}) = {chisq}, p {p}, CFI = {cfi}, RMSEA = {rmsea}, 90%"
                " CI {ends}, SRMR = {srmr} (n = {n}).",
                df=write.count(fit["df"]),
                chisq=write.number(fit["chisq"]),
                p=write.equals(fit["pvalue"]),
                cfi=write.bounded(fit["cfi"], 3),
                rmsea=write.bounded(fit["rmsea"], 3),
                ends=write.between(fit["rmsea_ci_lower"], fit["rmsea_ci_upper"], 3),
                srmr=write.bounded(fit["srmr"], 3),
                n=words.number(result["cfa"]["n"]),
            )
        )
    return " ".join(said)


def _warned(found: Section, words: Words) -> Iterator[Block]:
    """What the data or the solution of a factor analysis say against it."""
    for warning in found["warnings"]:
        yield Paragraph(words.begun(sentence(warning, words)))


def _confirmed_said(found: Section, names: Mapping[str, str], words: Words) -> str:
    """Omega of each dimension and how far any two go together, in the half that confirms."""
    write = Apa(words)
    said = [
        words.say(
            "{dimension}: ω = {omega}, 95% CI {ends}.",
            dimension=words.name(names.get(name, name)),
            omega=write.bounded(omega["estimate"]),
            ends=write.between(omega["interval"]["lower"], omega["interval"]["upper"]),
        )
        for name, omega in found["omega"].items()
        if omega and omega["interval"]
    ]
    said += [
        words.say(
            "{first} and {second}: r = {r}, 95% CI {ends}.",
            first=words.name(names.get(each["first"], each["first"])),
            second=words.name(names.get(each["second"], each["second"])),
            r=write.bounded(each["r"]),
            ends=write.between(each["lower"], each["upper"]),
        )
        for each in found["correlations"]
    ]
    return " ".join(said)


def _item_table(result: Section, names: Mapping[str, str], number: int, words: Words) -> Table:
    write = Apa(words)
    rest = {
        one["item"]: one["item_rest_correlation"]
        for each in result["reliability"]
        for one in each["items"]
    }
    dimension = {item: name for name, items in result["model"].items() for item in items}
    return Table(
        number=number,
        title=words.say("Items in the Pilot"),
        columns=[
            Column(words.say("Item"), 0.14),
            Column(words.say("Dimension"), 0.22),
            Column(italic("n"), 0.1, write.count),
            Column(italic("M"), 0.1, write.number),
            Column(italic("SD"), 0.1, write.number),
            Column(words.say("Skew"), 0.1, write.number),
            Column(words.say("Ceiling"), 0.12, write.percent),
            Column(words.say("r item-rest"), 0.12, write.bounded),
        ],
        cells=[
            [
                each["item"],
                names.get(dimension[each["item"]], dimension[each["item"]]),
                *(each[name] for name in ("n", "mean", "sd", "skew", "ceiling")),
                rest.get(each["item"]),
            ]
            for each in result["items"]
        ],
        look=Look.APA,
    )


def _efa_table(found: Section, number: int, words: Words) -> Table:
    write = Apa(words)
    factors = found["factors"]
    return Table(
        number=number,
        title=words.say("Exploratory Factor Analysis of the First Half"),
        columns=[
            Column(words.say("Item"), 0.2),
            *(
                Column(words.say("Factor {n}", n=str(n)), 0.6 / factors, write.bounded)
                for n in range(1, factors + 1)
            ),
            Column(words.say("Communality"), 0.2, write.bounded),
        ],
        cells=[
            [item, *found["loadings"][at], found["communalities"][at]]
            for at, item in enumerate(found["items"])
        ],
        note=words.say(
            "n = {n}; {method}; KMO = {kmo}.",
            n=words.number(found["n"]),
            method=words.name(found["method"]),
            kmo=write.bounded(found["kmo"]),
        ),
        look=Look.APA,
    )


def _cfa_table(found: Section, names: Mapping[str, str], number: int, words: Words) -> Table:
    write = Apa(words)
    return Table(
        number=number,
        title=words.say("Confirmatory Factor Analysis of the Second Half"),
        columns=[
            Column(words.say("Item"), 0.25),
            Column(words.say("Dimension"), 0.35),
            Column(words.say("Standardised loading"), 0.2, write.bounded),
            Column(words.say("95% CI"), 0.2, write.interval, "r"),
        ],
        cells=[
            [
                each["item"],
                names.get(each["factor"], each["factor"]),
                each["loading"],
                Interval(each["low"], each["high"]),
            ]
            for each in found["loadings"]
        ],
        note=words.say(
            "n = {n}; {method}.",
            n=words.number(found["n"]),
            method=words.name(found["estimator"]),
        ),
        look=Look.APA,
    )


def _short_form(
    found: Section, names: Mapping[str, str], number: int, words: Words
) -> Iterator[Block]:
    write = Apa(words)
    corrected, raw = found["corrected"], found["raw"]
    method = _METHODS.get(found["method"])
    said = [
        words.say(
            "A short form was chosen in the first half for the highest omega; items: {n}, of each dimension at"
            " least {least} ({method}, tried: {tried}).",
            n=words.number(len(found["items"])),
            least=words.number(found["least"]),
            method=words.name(found["method"]) if method is None else words.say(method),
            tried=words.number(found["tried"]),
        ),
        words.say(
            "In the second half (n = {n}) its omega is {short}, that of the full scale {full}.",
            n=words.number(found["n_checked"]),
            short=write.bounded(found["omega_short"]),
            full=write.bounded(found["omega_full"]),
        ),
        words.say(
            "It correlates with the full scale at {corrected}, 95% CI {ends}, corrected for overlap {cited};"
            " uncorrected {raw}, 95% CI {others}.",
            corrected=write.bounded(corrected["estimate"]),
            ends=write.between(corrected["lower"], corrected["upper"]),
            cited=words.name(cited("levy-1967")),
            raw=write.bounded(raw["estimate"]),
            others=write.between(raw["lower"], raw["upper"]),
        ),
    ]
    yield Paragraph(" ".join(said))
    yield Table(
        number=number,
        title=words.say("What the Short Form Keeps"),
        columns=[
            Column(words.say("Dimension"), 0.2),
            Column(words.say("Kept"), 0.26),
            Column(words.say("Left out"), 0.26),
            Column(words.say("ω short"), 0.14, write.bounded),
            Column(words.say("ω full"), 0.14, write.bounded),
        ],
        cells=[
            [
                names.get(name, name),
                ", ".join(each["kept"]) or apa.DASH,
                ", ".join(each["left_out"]) or apa.DASH,
                each["omega_short"],
                each["omega_full"],
            ]
            for name, each in found["dimensions"].items()
        ],
        look=Look.APA,
    )
