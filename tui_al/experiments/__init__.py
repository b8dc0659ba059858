"""Sweeps that come with the program: the paper's figures, each at its own settings and at a small
one."""
