"""What a client may ask of the server's patience, memory and disk."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Limits:
    """Seconds, and bytes; who is beyond them is parted from."""

    silent_seconds: float = 10.0  # without a byte of a body
    reading_seconds: float = 60.0  # in which a client takes no byte of its answer
    least_rate: int = 2000  # bytes of a body a second, on average, once ``silent_seconds`` are over
    ordinary_body: int = 1024 * 1024  # larger where the application allows it
    body_memory: int = 64 * 1024  # more of a body waits on the disk: thousands may come in at once
    answer_memory: int = 256 * 1024  # more of an answer goes through a file
    most_unfinished: int = 2000  # bodies under way in a process; beyond them clients are hurried
    most_unfinished_of_one: int = 400  # of one address: a whole office may share it
    hurried_seconds: float = 1.0  # for a whole body then; a form comes in one piece
    drain_seconds: float = 2.0  # of reading on when a body is refused, so that the client reads why

    def longest(self, size: int) -> float:
        """Seconds that a body of which so many bytes have come may have taken."""
        return self.silent_seconds + size / self.least_rate

    @property
    def hurried(self) -> Limits:
        """The patience that is left when too many are waited for."""
        return replace(self, silent_seconds=self.hurried_seconds, least_rate=self.ordinary_body)
