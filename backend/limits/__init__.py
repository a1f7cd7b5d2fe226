"""The limits of this server on what users upload."""
