"""The session's cookie, signed by the keys of the installation, which can be changed while it runs."""

from __future__ import annotations

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from surveyapp.web.installation import EXTENSION


class SessionCookies(SecureCookieSessionInterface):
    """Flask's own way, but with the keys asked for at each request."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        keys = app.extensions[EXTENSION].signing_keys
        return URLSafeTimedSerializer(
            keys,
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={
                "key_derivation": self.key_derivation,
                "digest_method": self.digest_method,
            },
        )
