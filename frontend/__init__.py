"""The pages. They speak to the REST API only."""
