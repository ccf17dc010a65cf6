"""What is derived from a loaded graph: scope, skills, profiles; and what is carried over from the release before."""
