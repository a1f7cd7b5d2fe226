"""Foundations of the physics: constants, energy axes, partials, quantum statistics, errors."""
