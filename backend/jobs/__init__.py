"""The jobs that predictions are made of: who does which, and what happens when somebody dies over it."""
