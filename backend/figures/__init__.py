"""Figures as Plotly JSON: the only place where they are made, for the pages and for programs alike."""
