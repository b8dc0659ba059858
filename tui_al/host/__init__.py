"""The machine: its processor, memory, GPUs, disk and terminal."""
