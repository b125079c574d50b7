"""DKIM signatures (RFC 6376): who wrote a mail, and that nobody changed it on its way."""

from __future__ import annotations

from dataclasses import dataclass, field

import dkim

# Named once more than there are of them, so that nobody adds a second one to a signed mail.
_ONCE_MORE = (b"from", b"to", b"subject", b"date", b"reply-to")


@dataclass(frozen=True)
class Signer:
    """What signs for a domain: the private key, and the selector under which the public one is in DNS."""

    domain: str
    selector: str
    private_key: str = field(repr=False)  # PEM, RSA

    @property
    def record_name(self) -> str:
        """Where the public key is looked up."""
        return f"{self.selector}._domainkey.{self.domain}"

    def signed(self, data: bytes) -> bytes:
        """The mail with a signature over all its headers and its body. ValueError where it has none.

        Relaxed on both sides: relays fold headers anew and trim blanks.
        """
        try:
            signature: bytes = dkim.sign(
                data,
                self.selector.encode(),
                self.domain.encode(),
                self.private_key.encode(),
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[*_names(data), *_ONCE_MORE],
            )
        except dkim.DKIMException as error:
            raise ValueError(f"the mail cannot be signed: {error}") from error
        return signature + data


def _names(data: bytes) -> list[bytes]:
    """The mail's headers, in their order."""
    lines = data.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    return [line.split(b":", 1)[0].lower() for line in lines if line[:1] not in (b" ", b"\t")]
