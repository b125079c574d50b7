"""The staff's pages beside the store."""

from __future__ import annotations

from tests.web.conftest import app, quick_hashes, sign_in, storage

__all__ = ["app", "quick_hashes", "sign_in", "storage"]
