"""Sentences about refused requests and files, by subject."""
