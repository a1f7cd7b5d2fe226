"""One module for each method and sampling, found through `registry`."""
