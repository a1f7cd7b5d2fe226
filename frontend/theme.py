"""The look: one accent, system fonts, quiet greys."""

from __future__ import annotations

from typing import Any

# Shade 8 carries white text at 5.2:1, shade 4 stands on the dark background at 7:1.
ACCENT = [
    "#eef6fb", "#d9eaf4", "#b2d4e8", "#86bcdb", "#5fa7cf",
    "#3f93c1", "#2b82b3", "#1f73a4", "#156591", "#0c4f75",
]  # fmt: skip

# Mantine's dark greys lean to yellow; these have the hue of the accent.
DARK = [
    "#e4eaf0", "#bcc7d1", "#8f9ca9", "#687683", "#3a4651",
    "#2f3a45", "#212a33", "#171d24", "#12181e", "#0f1419",
]  # fmt: skip

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
MONOSPACE = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace'

MANTINE_THEME: dict[str, Any] = {
    "colors": {"beam": ACCENT, "dark": DARK},
    "primaryColor": "beam",
    "primaryShade": {"light": 8, "dark": 7},
    "fontFamily": FONT,
    "fontFamilyMonospace": MONOSPACE,
    "headings": {"fontFamily": FONT, "fontWeight": "620"},
    "defaultRadius": "sm",
    "cursorType": "pointer",
    "respectReducedMotion": True,
}

INDEX = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        <link rel="icon" type="image/svg+xml" href="/assets/icons/beamcast.svg">
        {%css%}
        <script src="/assets/early-theme.js"></script>
    </head>
    <body>
        {%app_entry%}
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
        <noscript>Beamcast's pages need JavaScript. The same data is at /docs for programs.</noscript>
    </body>
</html>
"""
