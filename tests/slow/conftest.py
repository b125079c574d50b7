"""What only ``make slow`` starts: whole programs beside the application."""

from __future__ import annotations

from tests.web.conftest import served

__all__ = ["served"]
