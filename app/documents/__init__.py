"""Profiles and reports as documents for people: pure functions from what is laid out to bytes or text."""
