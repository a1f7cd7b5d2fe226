"""What it takes to measure a forecast: features, resolving power, counts and hours, ranking of settings."""
