"""The process that runs a session: its loop, its commands, its models."""
