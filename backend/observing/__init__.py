"""Partials of finished predictions: their files, caches, and what instruments record of them."""
