"""Which samples to ask for next: predictions, strategies."""
