"""From partials to what an instrument records."""
