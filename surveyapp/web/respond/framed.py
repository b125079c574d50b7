"""A page that is the same for everybody but for one word: compressed once, sent many times.

Compressing costs more than everything else about showing a form. A gzip stream is a row of blocks,
so the blocks before and after the form's key are made once and the key goes between them as a block
that is stored as it is (RFC 1951, 3.2.4). The checksum runs over all of it (RFC 1952).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LONGEST_STORED = 65535


@dataclass(frozen=True)
class Framed:
    """The bytes before and after the word, plain and deflated."""

    before: bytes
    after: bytes
    before_deflated: bytes
    after_deflated: bytes
    before_crc: int

    @classmethod
    def around(cls, page: str, word: str) -> Framed:
        """The frame that is left of ``page`` when ``word``, which stands there once, is taken out."""
        before, found, after = page.partition(word)
        if not found or word in after:
            raise ValueError("the word must stand in the page exactly once")
        head, tail = before.encode(), after.encode()
        return cls(
            head, tail, _deflated(head, last=False), _deflated(tail, last=True), zlib.crc32(head)
        )

    def plain(self, word: str) -> bytes:
        """The page with ``word`` in its place."""
        return b"".join((self.before, word.encode(), self.after))

    def gzipped(self, word: str) -> bytes:
        """The same as one gzip member."""
        middle = word.encode()
        if len(middle) > _LONGEST_STORED:
            raise ValueError("the word is too long for one stored block")
        crc = zlib.crc32(self.after, zlib.crc32(middle, self.before_crc))
        size = len(self.before) + len(middle) + len(self.after)
        stored = struct.pack("<BHH", 0, len(middle), len(middle) ^ 0xFFFF)
        trailer = struct.pack("<II", crc, size & 0xFFFFFFFF)
        return b"".join(
            (_HEADER, self.before_deflated, stored, middle, self.after_deflated, trailer)
        )


def _deflated(data: bytes, *, last: bool) -> bytes:
    # A negative window size means deflate without a header; a full flush ends on a whole byte.
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
