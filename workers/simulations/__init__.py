"""Simulations: one module for each method and sampling; `registry` finds them."""
