"""Tools of all rooms of the workers."""
