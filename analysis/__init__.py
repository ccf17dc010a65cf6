"""Derivations: pure functions from typed tables to typed results. No store handle, no HTTP, no clock."""
