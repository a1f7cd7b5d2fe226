"""Labels by density-functional theory in small cells."""
