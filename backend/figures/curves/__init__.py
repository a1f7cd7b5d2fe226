"""Curves of a figure of spectra: normalisation, differences, labels of their peaks."""
