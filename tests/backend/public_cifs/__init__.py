"""CIFs of public packages as gemmi and pymatgen read them: what `test_structures_public.py` compares with."""
