"""Models: loading, tuning, training, scoring, saving."""
