"""The command line, `ccsi`: main.py, and one module for each group of commands."""
