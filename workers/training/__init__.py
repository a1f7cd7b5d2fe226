"""Trained potentials: a NEP restricted to the elements of a material, fitted to labels, and checked by its phonons."""
