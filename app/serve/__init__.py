"""`ccsi serve --workers N`: several serving processes on one port that share one release in memory.

    supervisor.py    keeps the port; looks for new releases; starts a generation for each, hands over, ends the old one
    generation.py    one release's processes as the supervisor sees them: started, replaced, retired
    template.py      reads a release once and forks the serving processes, which share its memory
    aside.py         runs the reading in a process of its own, so that the template forks without threads
    server.py        uvicorn's server on a port of ours; all there is where one process serves alone
    child.py         one serving process of several, begun, retired and ended by word of the supervisor
    port.py          the port: several connections at once, and each process its part of them
    heavy.py         the heavy server that all share: forked from the template, and again when it is lost
    heavy_server.py  the process that holds a release and forks a child for every heavy answer
    heavy_child.py   what that child does: one request, within its bounds
    beside.py        all of ESCO, loaded beside a service that answers from the sample
    channel.py       how they talk; whoever is gone is noticed by the end of the channel, whatever ended it

What shares memory has to be forked; what is forked must not have threads; and only a fresh process picks up a new
release without leaving the old one's holes in its memory. Hence a template for each release, which the supervisor
starts anew, and which does nothing but fork.
"""
