"""From a structure to partials: options and cost, phonons, powder averages, time correlations."""
