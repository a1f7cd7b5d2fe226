"""The physics: pure functions on arrays with units."""
