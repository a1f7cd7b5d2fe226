"""The pages to attach to a proposal, and the bundle from which a forecast can be run again."""
