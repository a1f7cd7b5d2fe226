"""Texts of users in figures. Plotly reads tags (`<b>`, `<a href>`), entities and templates (`%{x}`) in every label."""

from __future__ import annotations

import html


def plain(text: str) -> str:
    """Return a text that Plotly shows as it is, in labels and in templates."""
    # Plotly decodes entities after it has filled in a template
    return html.escape(text, quote=False).replace("%{", "%&#123;")
