"""An alert as the JSON that incoming webhooks of chats take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_LONGEST_HEADER, _LONGEST_SECTION = 150, 3000  # Slack refuses longer ones
_ADAPTIVE = "application/vnd.microsoft.card.adaptive"
_MARKUP = re.compile(r"([\\`*_\[\]()#<>!-])")


def slack(title: str, text: str, url: str) -> dict[str, Any]:
    """A message of blocks, with the title as the text of notifications.

    All of it is plain text: a name cannot mention a channel or lead elsewhere.
    """
    return {
        "text": _slack_plain(title),
        "blocks": [
            {"type": "header", "text": _plain(title[:_LONGEST_HEADER])},
            {"type": "section", "text": _plain(text[:_LONGEST_SECTION])},
            {
                "type": "actions",
                "elements": [{"type": "button", "text": _plain("View alerts"), "url": url}],
            },
        ],
    }


def teams(title: str, text: str, url: str) -> dict[str, Any]:
    """An Adaptive Card, as the Workflows app takes it; every line is escaped against its Markdown."""
    lines = [line for line in text.splitlines() if line]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": _ADAPTIVE,
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [
                        _block(title, weight="Bolder", size="Medium"),
                        *(_block(line) for line in lines),
                    ],
                    "actions": [{"type": "Action.OpenUrl", "title": "View alerts", "url": url}],
                },
            }
        ],
    }


FORMATS: Mapping[str, Callable[[str, str, str], dict[str, Any]]] = {"slack": slack, "teams": teams}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _slack_plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _block(text: str, **look: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _MARKUP.sub(r"\\\1", text), "wrap": True, **look}
