"""The chapters of a document, each with a name that a link can lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.reports.document import Block, Heading


class Chapters:
    """Headings of the first level in their order; names are numbers, so that no text is in one."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._found = [each for each in blocks if isinstance(each, Heading) and each.level == 1]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Each chapter's name and text."""
        return ((_named(at), each.text) for at, each in enumerate(self._found, start=1))

    def anchor(self, heading: Heading) -> str:
        """The name of this chapter; empty for a heading below the first level."""
        places = (at for at, each in enumerate(self._found, start=1) if each is heading)
        return next((_named(at) for at in places), "")


def _named(at: int) -> str:
    return f"chapter-{at}"
