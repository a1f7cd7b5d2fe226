"""Trainings: potentials improved for one material, from labels to evidence."""
