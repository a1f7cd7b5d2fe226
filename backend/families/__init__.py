"""Families of potentials: they recognise and check files, and name the engines that load them."""
