"""Long campaigns of faults, run by command; the suite runs a short excerpt of each."""
