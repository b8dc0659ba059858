"""What annotators decide, and the labels that follow from it."""
