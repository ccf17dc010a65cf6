"""Routes of pages; app/site/faults.py makes pages of their faults."""

from fastapi.routing import APIRoute


class PageRoute(APIRoute):
    """A route whose answers are pages."""
