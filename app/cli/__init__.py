"""The command line: `ccsi`, one module for each group of commands."""

from app.cli.main import main

__all__ = ["main"]
