"""What browsers and authenticators are asked for passkeys (WebAuthn), and whether the answer is right.

Imported by the pages that need it and by nothing else: the library is slow to import.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from surveyapp.auth.accounts import Account
from surveyapp.auth.passkey_sites import Site
from surveyapp.auth.passkeys import Known, Registered
from surveyapp.errors import Invalid

LONGEST_CREDENTIAL = 20_000  # characters of JSON; a real one has 1,000
_NAME = "surveyapp"


@dataclass(frozen=True)
class Asked:
    """Options for the browser as JSON, and the challenge that the answer must sign, in base64url."""

    options: str
    challenge: str


def ask_to_register(site: Site, account: Account, handle: bytes, known: Iterable[str]) -> Asked:
    """Ask for a new passkey that can sign in by itself: kept by the authenticator, its user verified."""
    made = generate_registration_options(
        rp_id=site.domain,
        rp_name=_NAME,
        user_id=handle,
        user_name=account.email,
        user_display_name=account.name,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return Asked(options_to_json(made), bytes_to_base64url(made.challenge))


def registered(site: Site, credential: str, challenge: str) -> Registered:
    """The passkey that the browser's answer brings. Raises Invalid."""
    try:
        found = verify_registration_response(
            credential=credential[:LONGEST_CREDENTIAL],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Invalid("The passkey could not be registered. Try again.") from None
    return Registered(
        bytes_to_base64url(found.credential_id),
        bytes_to_base64url(found.credential_public_key),
        found.sign_count,
    )


def ask_to_sign(site: Site, known: Iterable[str] = ()) -> Asked:
    """Ask for a signature by one of these passkeys, else by whichever the authenticator has."""
    made = generate_authentication_options(
        rp_id=site.domain,
        allow_credentials=_descriptors(known) or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Asked(options_to_json(made), bytes_to_base64url(made.challenge))


def credential_id_in(credential: str) -> str:
    """Which passkey an answer says that it is by. Raises Invalid."""
    try:
        return bytes_to_base64url(
            parse_authentication_credential_json(credential[:LONGEST_CREDENTIAL]).raw_id
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Invalid("The passkey could not be used. Try again.") from None


def sign_count_of(site: Site, credential: str, challenge: str, found: Known, handle: bytes) -> int:
    """The authenticator's new count, once origin, challenge, signature, verified user, owner and count
    are right. Raises Invalid.
    """
    try:
        answer = parse_authentication_credential_json(credential[:LONGEST_CREDENTIAL])
        owner = answer.response.user_handle
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(found.public_key),
            credential_current_sign_count=found.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Invalid("The passkey could not be used. Try again.") from None
    if owner is not None and not hmac.compare_digest(owner, handle):
        raise Invalid("The passkey could not be used. Try again.")
    return verified.new_sign_count


def _descriptors(ids: Iterable[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in ids]
