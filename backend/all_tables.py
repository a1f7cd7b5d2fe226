"""Imports every subject's tables, so that migrations and foreign keys see them all."""

from backend import idempotency

__all__ = ["idempotency"]
