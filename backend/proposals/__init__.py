"""Proposals: workspaces with all items of one request for beam time."""
