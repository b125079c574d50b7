"""What a page holds that keeps somebody out, as axe sees it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page


def violations(page: Page | Frame) -> list[dict[str, Any]]:
    """Every violation on the page as it stands: rule, and the elements that break it.

    Axe is read once a page, and only violations come back: what a page does well is a long list.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
    )
    return found
