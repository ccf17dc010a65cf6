"""Skills of a domain and their clusters."""
