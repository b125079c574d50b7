"""A specification curve: estimates with intervals in the order of their size, and under each what was
chosen. Plain SVG."""

from __future__ import annotations

import math

from analysis.multiverse import Headline, Multiverse
from surveyapp.design_tokens import COLOURS, SIZES
from surveyapp.reports.charts import svg
from surveyapp.reports.typesetting import fonts

WIDTH = 470.0
_SMALL, _BODY = SIZES["small"] + 0.5, SIZES["body"]
_CURVE, _ROW, _HEAD, _TOP = 190.0, 13.0, 18.0, 8.0


def specification_curve(found: Multiverse) -> str:
    """The universes that have a headline, from the smallest estimate to the largest; those whose
    interval holds zero in grey. Rows below name the choices, with a mark where one was made."""
    shown = [(each, each.headline) for each in found.universes if each.headline is not None]
    names = [name for name, alternatives in found.dimensions.items() if len(alternatives) > 1]
    texts = [text for name in names for text in found.dimensions[name]]
    left = max([46.0, *(fonts.width(text, _SMALL) * 1.06 + 22 for text in texts)])
    low, high, ticks = _ends([headline for _, headline in shown])
    step = (WIDTH - left - 4) / max(1, len(shown))

    def x(at: int) -> float:
        return left + (at + 0.5) * step

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * _CURVE

    parts = []
    for tick in ticks:
        colour = COLOURS["rule"] if abs(tick) < 1e-12 else COLOURS["faint"]
        parts.append(svg.line((left, y(tick)), (WIDTH, y(tick)), colour=colour, width=0.8))
        parts.append(svg.text(f"{tick:g}", left - 6, y(tick), size=_SMALL, anchor="end", colour=COLOURS["muted"]))  # fmt: skip
    thick = max(0.3, min(2.0, step * 0.5))
    for at, (_, one) in enumerate(shown):
        apart = one.low > 0 or one.high < 0
        colour = COLOURS["accent"] if apart else COLOURS["muted"]
        if math.isfinite(one.low) and math.isfinite(one.high):
            ends = (x(at), y(one.low)), (x(at), y(one.high))
            parts.append(svg.line(*ends, colour=colour, width=thick))
        radius = max(0.6, min(3.0, step * 0.6))
        parts.append(svg.element("circle", cx=x(at), cy=y(one.estimate), r=radius, fill=colour))
    height = _TOP + _CURVE + 8
    for name in names:
        parts.append(svg.text(name, 0, height + _HEAD / 2, size=_BODY, anchor="start", bold=True))
        height += _HEAD
        for text in found.dimensions[name]:
            parts.append(svg.text(text, 10, height + _ROW / 2, size=_SMALL, anchor="start"))
            parts += [
                svg.element("rect", x=x(at) - thick / 2, y=height + 2, width=thick, height=_ROW - 4, fill=COLOURS["ink"])
                for at, (universe, _) in enumerate(shown)
                if universe.choices[name] == text
            ]  # fmt: skip
            height += _ROW
    label = f"Estimates of {len(shown)} universes in the order of their size, with intervals"
    return svg.document(parts, width=WIDTH, height=height + 4, label=label)


def _ends(shown: list[Headline]) -> tuple[float, float, list[float]]:
    """Ends with zero between them, and three to seven ticks at round numbers."""
    known = [end for each in shown for end in (each.low, each.high, each.estimate)]
    known = [0.0, *(end for end in known if math.isfinite(end))]
    low, high = min(known), max(known)
    width = (high - low) or 1.0
    size = 10 ** math.floor(math.log10(width))
    step = next(size * part for part in (0.2, 0.5, 1.0, 2.0) if width / (size * part) <= 6)
    first, last = math.floor(low / step + 1e-9), math.ceil((low + width) / step - 1e-9)
    return first * step, last * step, [round(at * step, 10) for at in range(first, last + 1)]
