"""Pages from templates: the Jinja environment, and how quantities are written in HTML."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from frontend import text
from frontend.settings_schema import by_facility, display_name, facility, settings_of
from frontend.static_files import FOLDER, StaticFiles
from frontend.terms import TERMS

TEMPLATES: Final = Path(__file__).parent / "templates"
EARLY_SCRIPT: Final = (FOLDER / "js" / "kit" / "early-theme.js").read_text("utf-8")
"""Stands in every page itself and runs before the first paint, so that dark pages do not flash."""
HYDROGENS: Final = {"2H": " (D)", "3H": " (T)"}
SPRITE: Final = Markup((FOLDER / "icons" / "sprite.svg").read_text("utf-8"))
"""Stands in every page, which saves a request."""
ICON: Final = "data:image/svg+xml," + quote((FOLDER / "icons" / "beamcast.svg").read_text("utf-8").strip())
"""Stands in every page, too."""


def environment(files: StaticFiles) -> Environment:
    """Return the environment of the templates, which escape everything that is not markup."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "static": files.url,
        "modules": cache(files.modules),
        "script": "",
        "static_prefix": files.prefix,
        "plotly_url": files.plotly,
        "early_script": Markup(EARLY_SCRIPT),
        "sprite": SPRITE,
        "icon": ICON,
        "terms": TERMS,
        "settings_of": settings_of,
        "by_facility": by_facility,
        "facility": facility,
    }
    made.filters |= {
        "formula": formula,
        "space_group": space_group,
        "json_data": json_data,
        "ago": text.ago,
        "day": text.day,
        "method": text.method,
        "short_method": text.short_method,
        "capital": text.capital,
        "duration": text.duration,
        "significant": text.significant,
        "percent": text.percent,
        "file_size": text.file_size,
        "count": text.count,
        "display_name": display_name,
        "isotope": isotope,
    }
    return made


def formula(value: str) -> Markup:
    """Return a chemical formula with its numbers as subscripts."""
    parts = re.split(r"(\d+(?:\.\d+)?)", value)
    pieces = [Markup("<sub>{}</sub>").format(part) if part[:1].isdigit() else escape(part) for part in parts if part]
    return Markup('<span class="formula">{}</span>').format(Markup("").join(pieces))


def space_group(symbol: str | None, number: int | None = None) -> Markup:
    """Return a Hermann–Mauguin symbol: letters in italics, bars above, screw axes as subscripts, then the number."""
    if not symbol:
        return Markup("not found")
    pieces = []
    for token in re.findall(r"-\d|\d_\d|[A-Za-z]|.", symbol):
        if re.fullmatch(r"-\d", token):
            pieces.append(Markup('<span class="overbar" role="img" aria-label="{0} bar">{0}</span>').format(token[1]))
        elif re.fullmatch(r"\d_\d", token):
            pieces.append(Markup("{}<sub>{}</sub>").format(token[0], token[2]))
        else:
            pieces.append(Markup("<i>{}</i>").format(token) if token.isalpha() else escape(token))
    after = Markup(' <span class="quiet">(No. {})</span>').format(number) if number else Markup("")
    return Markup('<span class="symbol">{}{}</span>').format(Markup("").join(pieces), after)


def json_data(value: Any) -> Markup:
    """Return JSON for `<script type="application/json">`; nothing in it can end the element."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(dumped.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def isotope(name: str) -> str:
    """Return an isotope as chemists write it, such as ²H (D)."""
    return f"{text.isotope(name)}{HYDROGENS.get(name, '')}"
