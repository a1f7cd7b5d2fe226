"""Calculations that other projects publish, fetched when they are needed: nothing of them is kept here."""
