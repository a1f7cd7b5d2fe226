"""Potentials: the pretrained catalogue, and NEP files that users bring."""
