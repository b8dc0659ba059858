"""The only room that imports torch, transformers, adapters and datasets."""
