"""Predictions: jobs that simulate, the partials that they leave behind, and what instruments see of them."""
