"""The active-learning loop, simulated and with annotators."""
