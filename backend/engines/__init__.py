"""What predictions can be simulated with, and who has it now."""
