"""Processes and their limits: memory, confinement, and the queue of who waits for one."""
