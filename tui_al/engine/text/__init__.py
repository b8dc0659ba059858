"""Texts to token ids, and batches of them."""
