"""How well a forecast agrees with what was measured."""
