"""The web application on real databases, as the tests of pages have it."""

from tests.web.conftest import app, client, installation, kept_places, sign_in, world

__all__ = ["app", "client", "installation", "kept_places", "sign_in", "world"]
