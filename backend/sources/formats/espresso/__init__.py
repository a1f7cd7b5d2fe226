"""Files of Quantum ESPRESSO: the force constants of q2r."""
