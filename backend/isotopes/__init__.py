"""Isotopes that can stand in for an element when a spectrum is looked at."""
