"""Common parts of all subjects of the backend."""
