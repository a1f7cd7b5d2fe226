"""What every room of the physics uses: constants, energy axes, partials, quantum statistics, errors."""
