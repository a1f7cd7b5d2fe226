"""Displaced supercells as inputs of DFT codes, whose forces make force constants."""
