"""The catalogue of instruments, with windows, resolution and repetitions."""
