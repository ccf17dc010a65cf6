"""What is counted and traced while the service runs; ground for every room that has something to count."""
