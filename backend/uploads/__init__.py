"""Resumable uploads of large files, by the protocol tus 1.0."""
