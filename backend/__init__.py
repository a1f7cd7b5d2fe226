"""The REST API, its database and its files."""
