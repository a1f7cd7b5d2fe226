"""Isotopes that a view of a spectrum can use for an element."""
