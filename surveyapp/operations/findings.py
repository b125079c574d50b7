"""One thing that a check of the installation found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    GOOD = "ok"
    ADVICE = "advice"  # works, and could hurt one day
    FAULT = "fault"  # does not work, or is open to others


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it (empty where all is well)."""

    subject: str
    level: Level
    found: str
    cure: str = ""


def good(subject: str, found: str) -> Finding:
    return Finding(subject, Level.GOOD, found)


def advice(subject: str, found: str, cure: str) -> Finding:
    return Finding(subject, Level.ADVICE, found, cure)


def fault(subject: str, found: str, cure: str) -> Finding:
    return Finding(subject, Level.FAULT, found, cure)
