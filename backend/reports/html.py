"""A report as one HTML file, which loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from backend.reports.document import Document, Reliability
from backend.reports.pictures import Picture
from backend.reports.tables import Table

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = """
body { font: 16px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #1c2733; background: #fff;
  max-width: 56rem; margin: 1.5rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; }
figure { margin: 1.2rem 0; } figure svg { width: 100%; height: auto; max-height: 46rem; }
figcaption, caption, .note, footer { font-size: .9rem; } caption { text-align: left; padding-bottom: .3rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
.wide { overflow-x: auto; margin: 1.2rem 0 .6rem; } table { border-collapse: collapse; width: 100%; font-size: .9rem;
  border-block: 2px solid #1c2733; overflow-wrap: normal; }
th, td { text-align: left; padding: .2rem .5rem; vertical-align: top; } .right { text-align: right; }
thead { border-bottom: 1px solid #1c2733; } dl { display: grid; grid-template-columns: max-content 1fr;
  gap: .1rem 1rem; margin: .8rem 0; } dt { color: #5b6773; } dd { margin: 0; }
@media (max-width: 42rem) { figure.wide svg, .wide table { width: 42rem; } }
@media print { body { font-size: 9.5pt; margin: 0; } }
"""


def html(document: Document) -> str:
    """Return the report as a page."""
    headings = {name: escape(text) for name, text in document.headings.items()}
    features = [] if document.features is None else [_table(document.features)]
    measurement = [] if document.measurement is None else [_picture(document.measurement, 3)]
    body = [
        f'<h1 dir="auto">{escape(document.title)}</h1>',
        *([f'<p dir="auto">{escape(document.proposer)}</p>'] if document.proposer else []),
        f"<p>{escape(document.date)}</p>",
        *([f'<p class="answer"><strong>{escape(document.answer)}</strong></p>'] if document.answer else []),
        _facts(document.facts),
        *_paragraphs(document.notes),
        _picture(document.spectra, 1),
        *features,
        _table(document.settings),
        *(f"<p><b>{letter}</b> {escape(sentence)}</p>" for letter, sentence in document.explanations),
        '<div class="pair">',
        _picture(document.map, 2),
        *measurement,
        "</div>",
        *([f"<h2>{headings['sample']}</h2>", _facts(document.sample)] if document.sample else []),
        *_reliability(headings, document.trust),
        f"<h2>{headings['methods']}</h2>",
        *_paragraphs([document.methods]),
        f"<h2>{headings['references']}</h2>",
        "<ol>",
        *(f"<li>{escape(reference)}</li>" for reference in document.references),
        "</ol>",
        *_paragraphs([f"{document.headings['left_out']} {' '.join(document.left_out)}"] if document.left_out else []),
        "<footer>",
        _facts(document.provenance),
        "</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _paragraphs(texts: Sequence[str]) -> list[str]:
    return [f'<p dir="auto">{escape(text)}</p>' for text in texts]


def _facts(pairs: Sequence[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs) + "</dl>"


def _reliability(headings: Mapping[str, str], trust: Reliability | None) -> list[str]:
    if trust is None:
        return []
    return [
        f"<h2>{headings['reliability']}</h2>",
        f"<p><strong>{escape(trust.grade)}.</strong> {escape(trust.headline)}</p>",
        _list(trust.bullets),
        f"<details><summary>{headings['all_points']}</summary>{_list(trust.points)}</details>",
    ]


def _list(texts: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _picture(picture: Picture, number: int) -> str:
    # The text in the picture is outlines; the label is for screen readers
    svg = picture.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(picture.alt)}" ', 1)
    wide = ' class="wide"' if number == 1 else ""
    return f"<figure{wide}>{svg}<figcaption><b>Figure {number}.</b> {escape(picture.caption)}</figcaption></figure>"


def _table(table: Table) -> str:
    marks = [' class="right"' if right else "" for right in table.right]
    header = "".join(f"<th{mark}>{escape(name)}</th>" for name, mark in zip(table.header, marks, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{mark}>{escape(cell)}</td>" for cell, mark in zip(row, marks, strict=True)) + "</tr>\n"
        for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    caption = f"<caption>{escape(table.title)} {escape(table.caption)}</caption>"
    return (
        f'<div class="wide"><table>{caption}<thead><tr>{header}</tr></thead>\n<tbody>{rows}</tbody></table></div>{note}'
    )
