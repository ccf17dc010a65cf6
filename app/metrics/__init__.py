"""What the service knows of itself, for Prometheus; counted and served only where a setting asks for it.

    counts.py      what is counted while requests run: plain numbers, no locks, nothing of the library
    figures.py     one process's figures, gathered when somebody asks: from the counts, the service, the gateway, the system
    exposition.py  figures of one or more processes as the text that Prometheus reads
    server.py      /metrics: on a port of its own, or on the API's

No label holds what a client chose: routes are templates, reasons are the slugs of our own problems.
"""
