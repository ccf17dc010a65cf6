"""Figures as text and pages, for commands and answers alike."""
