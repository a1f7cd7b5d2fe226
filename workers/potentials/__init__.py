"""Loaders of interatomic potentials, one module for each family."""
