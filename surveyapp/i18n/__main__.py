"""``python -m surveyapp.i18n``: bring every catalogue up to the English phrases."""

from __future__ import annotations

import sys
from pathlib import Path

from surveyapp.i18n.gettext_catalogues import CATALOGUES, catalogue, refreshed, untranslated
from surveyapp.i18n.languages import ENGLISH, OWN_NAMES


def main() -> None:
    """Write the catalogues of this checkout and tell what each still lacks."""
    folder = Path(str(CATALOGUES))
    for language in sorted(OWN_NAMES.keys() - {ENGLISH.language_tag}):
        (folder / f"{language}.po").write_bytes(refreshed(language))
        sys.stdout.write(f"{language}: {len(untranslated(catalogue(language)))} to translate\n")


if __name__ == "__main__":
    main()
