"""Figures as Plotly JSON, for pages and programs; no other room makes figures."""
