"""The experiments, a file for each kind of trouble."""
