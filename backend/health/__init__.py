"""Whether the server has what it needs: database, broker, workers."""
