"""What maintainers run; not part of what is installed."""
