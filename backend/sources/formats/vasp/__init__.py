"""Files of VASP: vaspout.h5 and vasprun.xml."""
