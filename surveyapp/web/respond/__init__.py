"""What customers see: the survey page, its thanks, and the pages that say no. No cookie, no script."""

from __future__ import annotations

from surveyapp.web.respond.apart import PREFIXES, serve_apart
from surveyapp.web.respond.views import respond

__all__ = ["PREFIXES", "respond", "serve_apart"]
