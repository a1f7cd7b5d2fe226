"""Proposals: workspaces that hold what belongs to one request for beam time."""
