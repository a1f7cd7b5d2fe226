"""Plans of beam time: instruments, settings, hours."""
