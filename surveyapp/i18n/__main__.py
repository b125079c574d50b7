"""``python -m surveyapp.i18n``: bring every catalogue up to the English phrases and messages.

``python -m surveyapp.i18n et`` also begins the catalogue of reports in that language.
"""

from __future__ import annotations

import sys
from pathlib import Path

from surveyapp.i18n import report_messages
from surveyapp.i18n.gettext_catalogues import CATALOGUES, catalogue, refreshed, untranslated
from surveyapp.i18n.languages import ENGLISH, OWN_NAMES


def main(*begun: str) -> None:
    """Write the catalogues of this checkout and tell what each still lacks."""
    folder, reports = Path(str(CATALOGUES)), Path(str(report_messages.CATALOGUES))
    for language in sorted(OWN_NAMES.keys() - {ENGLISH.language_tag}):
        (folder / f"{language}.po").write_bytes(refreshed(language))
        sys.stdout.write(f"{language}: {len(untranslated(catalogue(language)))} to translate\n")
        file = reports / f"{language}.po"
        if file.exists() or language in begun:
            file.write_bytes(report_messages.refreshed(language))
            lacks = len(untranslated(report_messages.catalogue(language)))
            sys.stdout.write(f"{language}, reports: {lacks} to translate\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
