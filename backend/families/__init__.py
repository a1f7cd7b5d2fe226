"""Families of potentials: how their files are recognised and checked, and what loads them."""
