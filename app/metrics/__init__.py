"""What the service knows of itself, for Prometheus; counted and served only where a setting asks for it.

    observe.py  what an operator switches on: metrics, traces; switched off, nothing of them is imported
    figures.py  one process's figures, gathered when somebody asks: from the counts, the service, the gateway, the system
    server.py   /metrics: on a port of its own, or on the API's

What is counted while requests run, and how figures of several processes become one text, is `app/telemetry/`.

No label holds what a client chose: routes are templates, reasons are the slugs of our own problems.
"""
