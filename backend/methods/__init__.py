"""Methods and samplings, with their options."""
