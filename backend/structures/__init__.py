"""Structures: uploads and built-in examples, read in a bounded process and kept in one canonical form."""
