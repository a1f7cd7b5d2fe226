"""A finished forecast that ships with the package, and copies of it."""
