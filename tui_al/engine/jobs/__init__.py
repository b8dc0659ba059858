"""What is done with a session or a model apart from the loop: timing, comparing, predicting,
exporting, importing."""
