"""The sample in the beam: how thick, how heavy, what it lets through, what becomes radioactive."""
