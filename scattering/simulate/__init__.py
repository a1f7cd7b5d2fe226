"""Simulation of partials: default settings, phonons, powder averages, time correlations."""
