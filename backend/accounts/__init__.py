"""Who sends a request: users who sign in, their sessions, personal access tokens, and what those may do."""
