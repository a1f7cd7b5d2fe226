"""Who sends a request: personal access tokens, and what they may do."""
