"""How well predictions agree with measured data: fits, rankings, peaks, stages of refinement."""
