"""The session on disk: one directory, one SQLite file that everybody meets in."""
