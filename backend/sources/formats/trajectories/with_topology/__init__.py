"""Trajectories whose frames have positions only: the atoms are in a topology beside them."""
