"""Options of simulations: one class for each method and sampling, found through `registry`.

A complete object of such a class is what a worker takes. A request names some options; `fill` checks them and works out
the others from the structure. The classes' JSON Schema states titles, units, bounds, defaults and choices.
"""
