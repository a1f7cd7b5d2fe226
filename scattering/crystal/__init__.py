"""A single crystal along a path through its Brillouin zones."""
