"""Readers of trajectories of molecular dynamics. Each yields one frame at a time, so that memory does not grow."""
