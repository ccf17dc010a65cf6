"""The service: an API, pages and SPARQL over one published release."""
