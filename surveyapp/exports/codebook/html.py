"""The codebook as one HTML page: read on a screen, printed on paper, opened without a network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from surveyapp.exports.codebook.entries import (
    RIGHT_TO_LEFT,
    Codebook,
    Entry,
    ScaleEntry,
    Source,
    facts,
)

# No page may hold these, however they are written.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_STYLE = Markup("""
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2330; background: #fff; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { margin-top: 2.2rem; font-size: 1.25rem; }
h3 { margin: 0; font: 600 .95rem ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; max-width: 100%; overflow-x: auto; margin: .6rem 0;
  font-size: .9rem; }
th, td { text-align: start; vertical-align: top; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #dfe3ea; }
td.n, th.n { text-align: end; font-variant-numeric: tabular-nums; }
article { border-top: 1px solid #c3cad6; padding: 1rem 0 .4rem; break-inside: avoid; }
.soft { color: #566072; } p { margin: .3rem 0; } .bar { min-width: 8rem; }
.bar i { display: block; height: .7rem; background: #3b62b5; min-width: 1px; }
nav { columns: 3; font-size: .85rem; } nav a { display: block; overflow-wrap: anywhere; }
@media (max-width: 40rem) { nav { columns: 1; } }
@media (prefers-color-scheme: dark) { body { background: #14181f; color: #e4e8ef; }
  .soft { color: #a3adbd; } th, td { border-color: #333b48; } article { border-color: #465062; }
  .bar i { background: #86a6ea; } a { color: #9db7f2; } }
@media print { nav { display: none; } body { max-width: none; margin: 0; } }
""")


def to_html(book: Codebook) -> str:
    """The page; every text from outside is escaped."""
    parts = [
        Markup('<!doctype html><html lang="en"><head><meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup("<title>Codebook: {}</title><style>{}</style></head><body><main>").format(
            book.title, _STYLE
        ),
        _head(book),
        Markup("<h2>Questionnaires</h2>"),
        *(_source(source) for source in book.sources),
        _scales(book.scales),
        Markup('<h2>Variables</h2><nav aria-label="Variables">'),
        *(Markup('<a href="#{0}">{0}</a>').format(entry.variable.name) for entry in book.entries),
        Markup("</nav>"),
        *(_entry(entry) for entry in book.entries),
        _consents(book),
        Markup("</main></body></html>\n"),
    ]
    return _CONTROLS.sub("\ufffd", str(Markup("\n").join(parts)))


def _head(book: Codebook) -> Markup:
    period = (
        f"{book.first:%Y-%m-%d} to {book.last:%Y-%m-%d}" if book.first and book.last else "none yet"
    )
    return Markup(
        '<h1>Codebook: <bdi>{}</bdi></h1><p class="soft"><bdi>{}</bdi></p>'
        "<table><tr><th>Responses</th><td>{:,}</td></tr><tr><th>Submitted</th><td>{}</td></tr>"
        "<tr><th>Languages</th><td>{}</td></tr><tr><th>Made</th><td>{:%Y-%m-%d %H:%M} UTC</td></tr></table>"
        "<p>Empty cells were not answered, or not asked. Times are in UTC.</p>"
    ).format(
        book.title, book.provider, book.responses, period, ", ".join(book.languages), book.made_at
    )


def _source(source: Source) -> Markup:
    wordings = "; ".join(
        f"{language}: {id} ({source.statuses[language]})"
        for language, id in source.wordings.items()
    )
    note = Markup("<p>{}</p>").format(source.note) if source.note else Markup("")
    return Markup(
        '<p><b>{}</b>, {} version {}. {}</p>{}<p class="soft">Licence: {}. Wordings: {}.</p>'
    ).format(
        source.title, source.code, source.version, source.citation, note, source.licence, wordings
    )


def _scales(scales: Sequence[ScaleEntry]) -> Markup:
    if not scales:
        return Markup("")
    head = Markup(
        "<h2>Scores</h2><table><thead><tr><th>Column</th><th>Scale</th><th>Items</th><th>Rule</th>"
        '<th class="n">Alpha (95% CI)</th><th class="n">n</th></tr></thead><tbody>'
    )
    rows = []
    for scale in scales:
        known = scale.reliability
        alpha = f"{known.alpha:.3f} ({known.lower:.3f} to {known.upper:.3f})" if known else ""
        rows.append(
            Markup(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
                '<td class="n">{}</td><td class="n">{}</td></tr>'
            ).format(
                scale.name,
                scale.title,
                ", ".join(scale.items),
                scale.rule,
                alpha,
                f"{known.n:,}" if known else "",
            )
        )
    note = Markup(
        '</tbody></table><p class="soft">Cronbach\'s alpha from complete rows, interval by Feldt.</p>'
    )
    return head + Markup("").join(rows) + note


def _entry(entry: Entry) -> Markup:
    variable = entry.variable
    words = Markup("").join(
        Markup('<p lang="{}" dir="{}"><span class="soft">{}</span> <bdi>{}</bdi></p>').format(
            language, "rtl" if language in RIGHT_TO_LEFT else "ltr", language, text
        )
        for language, text in entry.words.items()
    ) or Markup("<p><bdi>{}</bdi></p>").format(variable.label)
    return Markup('<article id="{0}"><h3>{0}</h3>{1}<p class="soft">{2}</p>{3}</article>').format(
        variable.name, words, facts(entry), _values(entry)
    )


def _values(entry: Entry) -> Markup:
    if not entry.counts:
        return Markup("")
    languages = list(entry.choices)
    most = max(entry.counts.values(), default=0) or 1
    own = {str(value): text for value, text in entry.variable.labels.items()}
    heads = Markup("").join(Markup("<th>{}</th>").format(each) for each in languages or ["Label"])
    rows = []
    for value, count in entry.counts.items():
        labels = [entry.choices[each].get(value, "") for each in languages] or [own.get(value, "")]
        rows.append(
            Markup(
                '<tr><td>{}</td>{}<td class="n">{:,}</td><td class="n">{}</td>'
                '<td class="bar"><i style="width:{:.1f}%"></i></td></tr>'
            ).format(
                value,
                _cells(labels),
                count,
                f"{100 * count / entry.n:.1f}%" if entry.n else "",
                100 * count / most,
            )
        )
    return (
        Markup(
            '<table><thead><tr><th>Value</th>{}<th class="n">n</th><th class="n">%</th><th></th>'
        ).format(heads)
        + Markup("</tr></thead><tbody>")
        + Markup("").join(rows)
        + Markup("</tbody></table>")
    )


def _cells(texts: Iterable[str]) -> Markup:
    return Markup("").join(Markup("<td><bdi>{}</bdi></td>").format(text) for text in texts)


def _consents(book: Codebook) -> Markup:
    if not book.consents:
        return Markup("")
    rows = Markup("").join(
        Markup("<tr><td>{}</td><td><bdi>{}</bdi></td></tr>").format(escape(version), text)
        for version, text in book.consents.items()
    )
    return Markup(
        "<h2>Consent</h2><table><thead><tr><th>Version</th><th>Text</th></tr></thead><tbody>{}</tbody></table>"
    ).format(rows)
