"""Health of the server: database, broker, workers."""
