"""Potentials: the pretrained catalogue, and files that users upload."""
