"""A real DNS server on loopback that knows the records that a test gives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, UDPServer
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class Zone:
    """TXT records by name; a name with None gets an error instead of an answer."""

    place: str = ""
    texts: dict[str, list[str] | None] = field(default_factory=dict)

    def answer(self, asked: bytes) -> bytes:
        query = dns.message.from_wire(asked)
        (question,) = query.question
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name = question.name.to_text(omit_final_dot=True).lower()
        found = self.texts.get(name, [])
        if found is None:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif not found:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            # In strings of at most 255 characters, as long records stand in DNS.
            written = [
                " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
                for text in found
            ]
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *written))
        return reply.to_wire()


@contextmanager
def dns_server() -> Iterator[Zone]:
    """The server's zone; ``place`` is its address and port."""
    zone = Zone()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            socket.sendto(zone.answer(data), self.client_address)

    with UDPServer(("127.0.0.1", 0), Handler) as server:
        zone.place = f"127.0.0.1:{server.server_address[1]}"
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield zone
        finally:
            server.shutdown()
            serving.join()
