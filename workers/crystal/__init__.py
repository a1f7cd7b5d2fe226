"""Workflows of a single crystal."""
