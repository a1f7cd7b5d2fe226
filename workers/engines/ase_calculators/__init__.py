"""Engines of other projects that are calculators of ASE, each in an optional extra of Beamcast or in a plug-in."""
