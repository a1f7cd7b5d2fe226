"""Label sets: structures with energies, forces and stresses of a reference, on which potentials are trained."""
