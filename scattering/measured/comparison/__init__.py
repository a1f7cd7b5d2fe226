"""Comparison of forecasts with measured data."""
