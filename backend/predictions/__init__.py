"""Predictions: requests, their options, states and deletion."""
