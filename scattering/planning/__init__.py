"""Planning of a measurement: target features, resolution, counts and hours, ranked settings."""
