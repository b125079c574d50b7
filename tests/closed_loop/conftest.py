"""The staff's pages beside the store."""

from __future__ import annotations

from tests.web.conftest import app, installation, sign_in

__all__ = ["app", "installation", "sign_in"]
