"""The staff's pages beside the store."""

from __future__ import annotations

from tests.web.conftest import app, sign_in, storage

__all__ = ["app", "sign_in", "storage"]
