"""Headers of every survey page, and what a page may allow beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from flask import Response, g

from surveyapp.surveys.survey import Survey
from surveyapp.web.installation import installation
from surveyapp.web.respond.assets import hash_of, script_hash, style_hash
from surveyapp.web.respond.readable import theme_of
from surveyapp.web.respond.ready import Ready
from surveyapp.web.respond.theme import page_theme


def policy() -> dict[str, str]:
    """The content policy of a survey page by directive."""
    return {
        "default-src": "'none'",
        "style-src": f"'{style_hash()}'",
        "script-src": f"'{script_hash()}'",
        "connect-src": "'self'",  # answers that are saved on the way
        "img-src": "'self' data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def preview_policy(own_style_hash: str) -> str:
    """The policy of a page that is only looked at: it can send nothing anywhere."""
    directives = {**policy(), "form-action": "'none'", "connect-src": "'none'"}
    directives["style-src"] += f" '{own_style_hash}'"
    return _written(directives)


def allow(**directives: str) -> None:
    """Let this answer do more: ``allow(frame_ancestors="https://shop.example")``."""
    g.allowed = {
        **g.get("allowed", {}),
        **{name.replace("_", "-"): value for name, value in directives.items()},
    }


def allow_style(style_hash: str) -> None:
    """Let this answer carry one more stylesheet: a survey's own."""
    g.styles = (*g.get("styles", ()), f"'{style_hash}'")


def brand(survey: Survey) -> str:
    """The stylesheet of a survey's colour, allowed on this answer; empty without a colour."""
    css = theme_css(survey)
    if css:
        allow_style(hash_of(css))
    return css


def theme_css(survey: Survey) -> str:
    """A survey's colours, light and dark; empty where they are the product's."""
    colour = theme_of(survey).colour
    return page_theme(colour).css if colour else ""


def protected(response: Response) -> Response:
    """Set the headers. ``no-store`` would empty the form of whoever goes back to it."""
    own = {name.lower() for name, _ in response.headers}
    if "content-security-policy" in own:
        return response
    https = installation().settings.base_url.startswith("https://")
    allowed = tuple(g.allowed.items()) if "allowed" in g else ()
    styles = g.styles if "styles" in g else ()
    headers = _headers(allowed, styles, https, "cache-control" not in own)
    if isinstance(response, Ready):
        response.protection = headers
    else:
        response.headers.extend(headers)
    return response


@lru_cache(maxsize=512)
def _headers(
    allowed: tuple[tuple[str, str], ...], styles: tuple[str, ...], https: bool, revalidated: bool
) -> tuple[tuple[str, str], ...]:
    """The headers of a page that is allowed this much; made once, for they go with every page."""
    directives = {**policy(), **dict(allowed)}
    directives["style-src"] = " ".join((directives["style-src"], *dict.fromkeys(styles)))
    return (
        ("Content-Security-Policy", _written(directives)),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex, nofollow"),
        ("X-Content-Type-Options", "nosniff"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
        *((("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),) if https else ()),
        *((("Cache-Control", "private, no-cache"),) if revalidated else ()),
    )


def _written(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())
