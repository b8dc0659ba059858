"""Texts, classes, tags and entities, and how they are split and shown."""
