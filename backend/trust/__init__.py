"""The reliability of predictions."""
