"""Methods and samplings of predictions, with their options."""
