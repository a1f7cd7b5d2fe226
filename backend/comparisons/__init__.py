"""Comparisons of predictions with measured data: fits, rankings, peaks, effect of each correction."""
