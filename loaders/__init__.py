"""Bring ESCO in: official files become a verified, immutable release."""
