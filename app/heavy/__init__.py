"""Answers that cost more than the event loop can bear: made by processes that can be killed, by the same code.

Which they are is declared at their routes (app/api/apart.py).

    client.py     as the service sees it: turns, one computation for equal requests, replies into kept answers
    keeper.py     the heavy server of each release: started, replaced when it dies, ended with its release
    line.py       the way to it: one request, one whole answer
    wire.py       the messages: what a server is told at its start, the one that goes each way

The other side is app/serve/: `heavy_server.py` holds the release's catalogue and forks a child for every request, and
`heavy_child.py` is what it does, ask the application as a client would and send the whole answer back.
"""
