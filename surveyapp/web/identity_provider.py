"""Talking to the organisation's identity provider, by Authlib: authorization code, PKCE, nonce, state.

Imported by the two pages that need it and by nothing else: Authlib and what it speaks HTTP with are
never loaded by a process that nobody signs in to this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from flask import Response, current_app
from joserfc.errors import JoseError
from requests import RequestException

from surveyapp.errors import SurveyappError
from surveyapp.settings import Settings
from surveyapp.web.installation import installation

CALLBACK = "/sign-in/provider/callback"
_CLIENT = "surveyapp identity provider"
_TIMEOUT_SECONDS = 10


class ProviderFailed(SurveyappError):
    """The provider cannot be reached, or what it says cannot be believed; the text is for the page.

    ``reason`` is for the log: it names a kind of error and never a token.
    """

    def __init__(self, message: str, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


def redirect_to_provider() -> Response:
    """Lead to the provider's sign-in page. Raises ProviderFailed."""
    try:
        client = _client()
        _check_issuer(client)
        # From the settings: the Host header of a request must not say where the code is sent.
        base = installation().settings.base_url.rstrip("/")
        answer: Response = client.authorize_redirect(f"{base}{CALLBACK}")
    except (RequestException, AuthlibBaseError, ValueError, RuntimeError, KeyError) as error:
        raise ProviderFailed(
            "The identity provider cannot be reached. Try again in a minute.", type(error).__name__
        ) from None
    answer.status_code = 303
    return answer


def verified_claims() -> Mapping[str, Any]:
    """What the provider says about who comes back from it: an ID token whose signature, issuer,
    audience, times and nonce are right, with the claims of the user info endpoint where it lacks an
    address. Raises ProviderFailed.
    """
    try:
        client = _client()
        _check_issuer(client)
        token = client.authorize_access_token()
        claims = dict(token.get("userinfo") or {})
        if claims and "email" not in claims and "userinfo_endpoint" in client.server_metadata:
            more = client.userinfo(token=token)
            if more.get("sub") == claims.get("sub"):
                claims = {**more, **claims}
    except RequestException as error:
        raise ProviderFailed(
            "The identity provider cannot be reached. Try again in a minute.", type(error).__name__
        ) from None
    except (AuthlibBaseError, JoseError, ValueError, RuntimeError, KeyError) as error:
        raise ProviderFailed(
            "The sign-in was cancelled, took too long, or cannot be believed. Try again.",
            type(error).__name__,
        ) from None
    if not claims:
        raise ProviderFailed("The identity provider does not say who you are.", "no ID token")
    return claims


def _client() -> FlaskOAuth2App:
    """The client of this application; what it learns of the provider it keeps."""
    known = current_app.extensions.get(_CLIENT)
    if known is None:
        known = _registered(installation().settings)
        current_app.extensions[_CLIENT] = known
    return known


def _registered(settings: Settings) -> FlaskOAuth2App:
    registry = OAuth(current_app._get_current_object())  # type: ignore[attr-defined]
    options: dict[str, Any] = {
        "scope": settings.oidc_scopes,
        "code_challenge_method": "S256",
        "default_timeout": _TIMEOUT_SECONDS,
    }
    if not settings.oidc_client_secret:
        options["token_endpoint_auth_method"] = "none"  # noqa: S105 - a client without a secret
    return registry.register(
        name="provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs=options,
    )


def _check_issuer(client: FlaskOAuth2App) -> None:
    """Raise ValueError where the document names another issuer than the one that was configured."""
    said = str(client.load_server_metadata().get("issuer", ""))
    if said.rstrip("/") != installation().settings.oidc_issuer.rstrip("/"):
        raise ValueError("another issuer")
