"""Pictures made on the server, as SVG or PNG, without a browser; the same data gives the same bytes."""
