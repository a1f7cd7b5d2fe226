"""What the server and its workers are doing, for who runs them."""
