"""Measured data: read from many formats, kept, compared with predictions."""
