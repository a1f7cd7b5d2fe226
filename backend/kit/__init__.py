"""What every subject of the backend uses."""
