"""The engines of simulations: their records, and the workers that have them."""
