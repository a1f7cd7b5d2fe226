"""HTTP: problems, bodies, paging, idempotency, security."""
