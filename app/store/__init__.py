"""Where the service reads its graph from: one port, adapters behind it."""
