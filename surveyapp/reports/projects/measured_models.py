"""Stored results to path diagrams: a structural equation model, a composite model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.charts.diagram import Arrow, Diagram, Kind, Node, Shape

LEVEL = 0.05  # of what is drawn as significant
Section = Mapping[str, Any]


_CONSTRUCTS = {"service_quality": msg("Service quality"), "loyalty": msg("Loyalty")}


def label(name: str, words: Words = ENGLISH) -> str:
    """A construct's name as people read it; the journey scale's own abbreviation stays one. In another
    language as its scale is called there.
    """
    if name == "sjq":
        return "SJQ"
    if not words.is_english and name in words.scales:
        return words.name(words.scales[name])
    if not words.is_english and name in _CONSTRUCTS:
        return words.say(_CONSTRUCTS[name])
    return _spelt(name)


def _spelt(name: str) -> str:
    words = name.replace("_", " ")
    return words.capitalize() if words.replace(" ", "").isalpha() and words.islower() else words


def item_node(item: str, constructs: Collection[str]) -> Node:
    """An item's box; one that bears a construct's name is another part with the same label."""
    name = item
    while name in constructs:
        name += " (item)"
    return Node(name, item, Shape.ITEM)


def sem_diagram(fit: Section, *, group: int = 1) -> Diagram:
    """A fitted model (``SemFit.to_dict()``) of one group with its standardised estimates.

    Residual variances and means are left out; residual correlations are drawn.
    """
    rows = [row for row in fit["estimates"] if row["group"] == group and row["lhs"] != row["rhs"]]
    latent = list(dict.fromkeys(row["lhs"] for row in rows if row["op"] in ("=~", "<~")))
    block = {row["rhs"]: row["lhs"] for row in rows if row["op"] == "<~"}
    kinds = {"=~": Kind.LOADING, "<~": Kind.WEIGHT, "~": Kind.PATH, "~~": Kind.CORRELATION}
    arrows = []
    for row in rows:
        if row["op"] not in kinds or (row["op"] == "~~" and not row["est"]):
            continue
        if row["lhs"] in block and row["op"] == "~~":
            continue  # within a composite all covary, which says nothing
        ends = (row["rhs"], row["lhs"]) if row["op"] in ("~", "<~") else (row["lhs"], row["rhs"])
        arrows.append(Arrow(*ends, kinds[row["op"]], row["std_all"], clear(row["pvalue"])))
    explained = {
        row["lhs"]: 1 - row["std_all"]
        for row in fit["estimates"]
        if row["op"] == "~~" and row["lhs"] == row["rhs"] and row["group"] == group
        and row["std_all"] is not None
    }  # fmt: skip
    causes = (Kind.LOADING, Kind.PATH)
    caused = {arrow.target for arrow in arrows if arrow.kind in causes}
    names = dict.fromkeys([*latent, *(end for a in arrows for end in (a.source, a.target))])
    nodes = [
        Node(
            name,
            label(name),
            Shape.COMPOSITE if name in block.values() else Shape.FACTOR,
            explained.get(name) if name in caused else None,
        )
        if name in latent
        else Node(name, name, Shape.ITEM)
        for name in names
    ]
    return Diagram(nodes, arrows)


def composite_diagram(
    fit: Section,
    formed: Mapping[str, Sequence[str]],
    *,
    shown: Mapping[str, Sequence[str]] | None = None,
    items: bool = False,
    words: Words = ENGLISH,
) -> Diagram:
    """A fitted composite model (``PlsResult.to_dict()``): paths, weights, R2.

    ``formed``: the composites with the constructs or items that compose them; ``shown``: the
    second-order constructs that cause their dimensions, with these. ``items`` adds the items of all
    others with their loadings; what a second-order construct repeats of its dimensions' items is left
    out. What the percentile interval leaves in doubt is not significant.
    """
    tables = (fit["bootstrap"] or {"tables": {}})["tables"]
    constructs = {
        name: Node(
            name,
            label(name, words),
            Shape.COMPOSITE if name in formed else Shape.FACTOR,
            (fit["r_squared"].get(name) or {}).get("r_squared"),
        )
        for name in fit["reliability"]
    }
    shown = shown or {}

    def part(of: str, name: str) -> Node:
        """A construct's part: a dimension, or an item, which may bear the construct's own name."""
        return (
            constructs[name] if name in constructs and name != of else item_node(name, constructs)
        )

    nodes = dict(constructs)
    for of, made_of in formed.items():
        nodes |= {node.name: node for node in (part(of, name) for name in made_of)}
    arrows = []
    for row in fit["paths"]:
        ends = row["source"], row["target"]
        kind = Kind.PATH
        if ends[0] in formed.get(ends[1], ()):
            kind = Kind.WEIGHT
        elif ends[1] in shown.get(ends[0], ()):
            kind = Kind.LOADING
        tested = _interval(tables.get("paths", ()), ends)
        arrows.append(Arrow(*ends, kind, row["estimate"], tested))
    known = {(arrow.source, arrow.target) for arrow in arrows}
    for row in fit["weights"]:
        ends = part(row["construct"], row["item"]).name, row["construct"]
        if row["item"] in formed.get(ends[1], ()) and ends not in known:
            tested = _interval(tables.get("weights", ()), (row["construct"], row["item"]))
            arrows.append(Arrow(*ends, Kind.WEIGHT, row["estimate"], tested))
    for row in fit["loadings"] if items else ():
        of, name = row["construct"], row["item"]
        if of not in formed and name in shown.get(of, (name,)):
            nodes[part(of, name).name] = part(of, name)
            tested = _interval(tables.get("loadings", ()), (of, name))
            arrows.append(Arrow(of, part(of, name).name, Kind.LOADING, row["estimate"], tested))
    return Diagram(list(nodes.values()), arrows)


def _interval(rows: Sequence[Section], ends: tuple[str, str]) -> bool | None:
    for row in rows:
        if tuple(row["label"]) == ends and row["lower"] is not None:
            return bool(row["lower"] > 0 or row["upper"] < 0)
    return None


def clear(pvalue: float | None) -> bool | None:
    """Whether an estimate is drawn as significant; None where that is not known."""
    return None if pvalue is None else pvalue < LEVEL
