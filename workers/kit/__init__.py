"""What every room of the workers uses."""
