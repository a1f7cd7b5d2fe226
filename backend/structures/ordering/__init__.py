"""Ordered cells of a disordered crystal: candidates in its smallest supercells, without those that symmetry repeats."""
