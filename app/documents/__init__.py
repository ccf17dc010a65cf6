"""Profiles as documents for people and for other standards: pure functions from the JSON document to bytes or JSON."""
