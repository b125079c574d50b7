"""Columns that tell who somebody is: left out of an import unless they are chosen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from surveyapp.tables.profile import ColumnProfile
from surveyapp.tables.table import DataTable

_MOST_ADDRESSES = 0.5  # of a column's cells: a comment may quote one
_MOST_COMBINATIONS = 100_000
_BATCH = 2000
# Words of a heading, in the languages of the customer's pages. A name alone is a person's; a branch's
# or a product's has its word before it.
_WORDS = frozenset(
    {
        *("email", "mail", "emailaddress", "ip", "ipaddress", "ipaddr", "latitude", "longitude"),
        *("gps", "geolocation", "phone", "mobile", "telephone", "phonenumber", "firstname"),
        *("lastname", "surname", "forename", "fullname", "birthdate", "birthday", "ssn", "iban"),
        *("street", "username", "recipientemail", "recipientfirstname", "recipientlastname"),
        *("locationlatitude", "locationlongitude"),
        *("vorname", "nachname", "telefon", "telefonnummer", "strasse", "straße", "geburtsdatum"),
        *("prénom", "téléphone", "courriel", "adresse", "apellido", "apellidos", "teléfono"),
        *("correo", "etunimi", "sukunimi", "puhelin", "puhelinnumero", "sähköposti", "osoite"),
        *("förnamn", "efternamn", "epost", "telefonnummer", "personnummer", "henkilötunnus"),
    }
)
_WHOLE = frozenset(
    {
        *("name", "customer name", "respondent name", "full name", "your name", "contact name"),
        *("first name", "last name", "e mail", "e mail adresse", "ip adresse", "ip address"),
        *("address", "home address", "postal address", "date of birth", "phone number"),
        *("nom", "nombre", "nimi", "namn", "koko nimi", "e post", "postadress", "dirección"),
        *("nom de famille", "date de naissance", "nombre completo", "الاسم", "البريد الإلكتروني"),
    }
)


def is_personal(heading: str, profile: ColumnProfile) -> bool:
    """Whether a column, by its heading or by most of its cells, says who or where somebody is."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    words = re.findall(r"[^\W_]+", split.casefold())
    joined = heading.casefold().replace("_", "").replace(" ", "").replace("-", "")
    named = " ".join(words) in _WHOLE or bool(_WORDS & set(words)) or joined in _WORDS
    return named or profile.addresses > _MOST_ADDRESSES * max(1, profile.filled)


def shared_columns(
    table: DataTable, found: Mapping[int, ColumnProfile], minimum: int
) -> tuple[int, ...]:
    """Those columns whose values, and whose combinations of values, at least ``minimum`` rows share.

    The columns with the fewest different values come first; one that makes a combination rare is
    left out.
    """
    candidates = [place for place, profile in found.items() if not profile.is_rare(minimum)]
    candidates.sort(key=lambda place: (len(found[place].counts), place))
    combinations = _combinations(table, candidates)
    while combinations is None:
        candidates = candidates[: len(candidates) // 2]
        combinations = _combinations(table, candidates)
    kept: list[int] = []
    groups = dict.fromkeys(combinations, 0)  # which of the combinations of ``kept`` each has
    for at in range(len(candidates)):
        counts: Counter[tuple[int, str]] = Counter()
        for cells, count in combinations.items():
            counts[groups[cells], cells[at]] += count
        if all(count >= minimum for count in counts.values()):
            kept.append(at)
            numbers = {key: number for number, key in enumerate(counts)}
            groups = {cells: numbers[group, cells[at]] for cells, group in groups.items()}
    return tuple(sorted(candidates[at] for at in kept))


def _combinations(table: DataTable, places: Sequence[int]) -> Mapping[tuple[str, ...], int] | None:
    """How often these columns' cells came together; None where that is too often different."""
    counts: Counter[tuple[str, ...]] = Counter()
    if not places:
        return counts
    rows = iter(table.rows)
    while batch := [row.cells for row in islice(rows, _BATCH)]:
        counts.update(tuple(cells[at].strip() for at in places) for cells in batch if cells)
        if len(counts) > _MOST_COMBINATIONS:
            return None
    return counts
