"""State of the server and its workers, for operators."""
