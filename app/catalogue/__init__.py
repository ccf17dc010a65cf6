"""What a release holds, read once into typed rows: facts of ESCO, skills and clusters, profiles."""
