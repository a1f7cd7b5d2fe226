"""Files that belong to rows, and the confined reading of hostile ones."""
