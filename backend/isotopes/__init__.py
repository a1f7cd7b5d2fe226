"""Isotopes of elements, and predictions with other isotopes than another one."""
