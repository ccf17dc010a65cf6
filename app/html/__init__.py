"""Templates, and the files that pages load; ground for whatever draws a page."""
