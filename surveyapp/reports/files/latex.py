"""A document's tables as LaTeX in APA style, by booktabs and longtable, with the works they cite."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from surveyapp.i18n.words import msg
from surveyapp.reports.bibliography import Work, cited_works, reference, texts
from surveyapp.reports.document import Document, Styled, Table, Text, plain
from surveyapp.reports.files import numbered
from surveyapp.reports.typesetting.column_widths import needed, shares

_SHORT, _LONG = 455.0, 702.0  # points between the margins of A4, upright and on its side
_WHOLE = 25  # rows of a table that stays on one page
_SIZE, _SMALL = 10.0, 9.0  # of \\small and \\footnotesize, in a document of 11 points
_SYMBOLS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    # An optional argument or a star could follow the end of a row.
    "[": "{[}", "]": "{]}", "*": "{*}",
    # Two of them would join.
    "-": "-{}", ",": ",{}", "'": "'{}",
    "\N{NO-BREAK SPACE}": "~", "\n": r"\newline{}",
    "\N{MINUS SIGN}": r"$-$", "\N{EN DASH}": "--{}", "\N{EM DASH}": "---{}",
    "α": r"$\alpha$", "χ": r"$\chi$", "ω": r"$\omega$", "ρ": r"$\rho$", "Δ": r"$\Delta$",
    "²": r"$^2$", "→": r"$\rightarrow$", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$",
    "±": r"$\pm$", "≈": r"$\approx$",
}  # fmt: skip
_LATIN = 0x250  # letters below it are in every typeface of LaTeX
_PUNCTUATION = "\u2018\u2019\u201a\u201c\u201d\u201e\u2020\u2021\u2022\u2026\u2030\u20ac\u2122"
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def tex(document: Document) -> str:
    """A file that compiles as it is, and whose tables can be taken into another one.

    pdfLaTeX is enough for Latin letters; for others the file asks for LuaLaTeX.
    """
    found = numbered.tables(document.blocks)
    body = "\n".join(_table(part) for table in found for part in table.panels())
    works = cited_works(text for table in found for text in texts(table))
    if works:
        body += _references(works)
    return f"{_preamble(document, needs_more=not _is_latin(body))}\n{body}\n\\end{{document}}\n"


def _references(works: Mapping[str, Work]) -> str:
    """The list as APA sets it, and each work under its key for ``\\cite`` in another document."""
    entries = [
        f"\\bibitem[{escaped(work.names('and'))}({work.year})]{{{key}}} {_text(reference(work))}"
        for key, work in works.items()
    ]
    lines = [r"\begin{thebibliography}{}", r"\raggedright", *entries, r"\end{thebibliography}", ""]
    return "\n".join(["", *lines])


def escaped(text: str) -> str:
    """Plain text as LaTeX prints it, whatever letters it has."""
    bare = _DIRECTIONS.sub("", unicodedata.normalize("NFC", text))
    signs = (_SYMBOLS.get(c) or (c if c.isprintable() else " ") for c in bare)
    # What keeps two signs apart is not needed before a blank or a digit.
    return re.sub(r"([-,'])\{\}(?=[ \w.]|$)", r"\1", "".join(signs))


def _is_latin(body: str) -> bool:
    return all(ord(c) < _LATIN or c in _PUNCTUATION for c in body)


def _preamble(document: Document, *, needs_more: bool) -> str:
    title = " ".join(escaped(document.cover.title).split())
    engine = "LuaLaTeX (names in other than Latin letters)" if needs_more else "pdfLaTeX, XeLaTeX or LuaLaTeX"  # fmt: skip
    lines = [
        f"% Tables of: {title}",
        f"% Compile twice with {engine}. To use a table in a paper, copy it and these packages.",
        r"\documentclass[11pt,a4paper]{article}",
        r"\usepackage[margin=25mm]{geometry}",
        r"\usepackage{iftex,array,booktabs,longtable,float,pdflscape}",
        r"\usepackage[labelfont=bf,textfont=it,labelsep=newline,justification=raggedright,"
        r"singlelinecheck=false,skip=4pt,position=top]{caption}",
        r"\makeatletter\renewcommand{\@biblabel}[1]{}\makeatother % references without numbers",
    ]
    if needs_more:
        lines += [
            r"\ifLuaTeX\else\errmessage{These names need LuaLaTeX: run lualatex}\fi",
            r"\usepackage[bidi=basic,english]{babel}",
            r"\babelprovide[import,onchar=ids fonts]{arabic}",
            "% For letters that this typeface lacks, such as Chinese ones, name another.",
            r"\babelfont{rm}{DejaVu Sans}",
            r"\babelfont[arabic]{rm}[ItalicFont={DejaVu Sans}]{DejaVu Sans}",
        ]
    else:
        lines += [
            r"\ifPDFTeX\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}"
            r"\usepackage{textcomp}\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}\fi"
        ]
    if not document.words.is_english:
        table, works = (
            escaped(document.words.say(said, number="").strip())
            for said in (msg("Table {number}"), msg("References"))
        )
        own = rf"\renewcommand{{\tablename}}{{{table}}}\renewcommand{{\refname}}{{{works}}}"
        lines.append(rf"\AtBeginDocument{{{own}}}")
    return "\n".join([*lines, r"\begin{document}", ""])


def _table(table: Table) -> str:
    columns = len(table.columns)
    on_side = needed(table, _SIZE) > _SHORT
    width = _LONG if on_side else _SHORT
    small = needed(table, _SIZE) > width
    spec = "".join(
        _column(share, table.align[max(j - 1, 0) : j + 1], is_first=j == 0)
        for j, share in enumerate(shares(table, width, _SMALL if small else _SIZE))
    )
    rows = [
        f"\\multicolumn{{{columns}}}{{@{{}}l}}{{{_text(row[0])}}}\\\\*"
        if i in table.groups
        else _line(row, strong=i in table.strong)
        for i, row in enumerate(table.rows)
    ]
    number = table.number or 0
    if table.is_continued:
        number_set, label = r"\addtocounter{table}{-1}", ""
    else:
        number_set, label = f"\\setcounter{{table}}{{{number - 1}}}", f"\\label{{tab:{number}}}"
    caption = f"\\caption{{{escaped(table.title)}}}{label}"
    frame = _long if len(rows) > _WHOLE else _short
    note = ""
    if table.note:
        begun = escaped(table.words.say("Note."))
        note = f"\\par\\smallskip\\noindent{{\\footnotesize\\textit{{{begun}}} {_text(table.note)}\\par}}"
    lines = [
        r"\begin{landscape}" if on_side else r"\begingroup",
        r"\footnotesize" if small else r"\small",
        number_set,
        *frame(f"{spec}@{{}}", caption, _line(table.head), rows, note),
        r"\bigskip",
        r"\end{landscape}" if on_side else r"\endgroup",
        "",
    ]
    return "\n".join(lines)


def _short(spec: str, caption: str, head: str, rows: list[str], note: str) -> list[str]:
    """A table that stays on one page with its note."""
    tabular = [f"\\begin{{tabular}}{{{spec}}}", r"\toprule", head, r"\midrule"]
    tabular += [*rows, r"\bottomrule", r"\end{tabular}"]
    return [r"\begin{table}[H]", caption, *tabular, *([note] if note else []), r"\end{table}"]


def _long(spec: str, caption: str, head: str, rows: list[str], note: str) -> list[str]:
    """A table over pages, its head on each of them."""
    repeated = [r"\toprule", head, r"\midrule"]
    return [
        f"\\begin{{longtable}}{{{spec}}}",
        caption + r"\\",
        *repeated,
        r"\endfirsthead",
        *repeated,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *rows,
        r"\end{longtable}",
        *([note] if note else []),
    ]


def _column(share: float, sides: str, *, is_first: bool) -> str:
    """A column of the preamble; ``sides``: how the one before it and it are aligned."""
    way = "left" if sides[-1] == "r" else "right"
    gap = 0 if is_first else 14 if sides == "rl" else 6  # points
    return (
        f"@{{\\hspace{{{gap}pt}}}}>{{\\ragged{way}\\arraybackslash}}"
        f"p{{\\dimexpr {share:.4f}\\linewidth-{gap}pt\\relax}}"
    )


def _line(row: Sequence[Text], *, strong: bool = False) -> str:
    cells = [_text(cell) for cell in row]
    if strong:
        cells = [f"\\textbf{{{cell}}}" if plain(text) else "" for cell, text in zip(cells, row, strict=True)]  # fmt: skip
    return " & ".join(cells) + r" \\"


def _text(text: Text) -> str:
    parts = (text,) if isinstance(text, str) else text
    return "".join(_part(part) for part in parts)


def _part(part: str | Styled) -> str:
    if isinstance(part, str):
        return escaped(part)
    return f"\\text{'bf' if part.style == 'bold' else 'it'}{{{escaped(part.text)}}}"
