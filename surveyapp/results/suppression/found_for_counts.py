"""What may be shown of numbers of answers, found once for the numbers and not for each page that shows them.

It follows from the numbers and the rules alone, whoever asks. The numbers are compared as a digest of what
the database wrote, all of it, so that another answer in any segment, month or channel is seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from hashlib import blake2b
from threading import Lock

from surveyapp.responses.facets import Facet
from surveyapp.results.cells import WrittenCounts
from surveyapp.results.suppression.publication import Publication

_KEPT = 4096  # scores at places, of each channel that somebody chose; some ten kilobytes each
_cache: OrderedDict[Hashable, Publication] = OrderedDict()
_lock = Lock()


def once_for_counts(
    told: Sequence[tuple[Facet, WrittenCounts]],
    rules: Hashable,
    find: Callable[[], Publication],
) -> Publication:
    """What ``find`` returns, called once for these numbers by facet, and the ``rules`` that it goes by.

    Whoever reads it must not change it.
    """
    digest = blake2b(digest_size=32)
    for facet, each in sorted(told, key=lambda one: one[0]):
        digest.update(repr((*facet, each.text)).encode())
    key = (digest.digest(), rules)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    found = find()
    with _lock:
        _cache[key] = found
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return found
