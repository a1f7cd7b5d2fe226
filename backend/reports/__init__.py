"""Reports to attach to a proposal, and bundles from which a forecast can be run again."""
