"""Claims of speed, each measured beside the peer that it names, in one run: `make bench`."""
