"""Steps that several simulations share."""
