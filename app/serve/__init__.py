"""`ccsi serve --workers N`: several serving processes on one port that share one release in memory.

    supervisor.py   keeps the port; looks for new releases; starts a generation for each, hands over, ends the old one
    generation.py   one release's processes as the supervisor sees them: started, replaced, retired
    template.py     reads a release once and forks the serving processes, which share its memory
    aside.py        runs the reading in a process of its own, so that the template forks without threads
    child.py        one serving process: uvicorn on the shared port, begun, retired and ended by word of the supervisor
    port.py         the shared port: each process takes its part of the connections
    channel.py      how they talk; whoever is gone is noticed by the end of the channel, whatever ended it

What shares memory has to be forked; what is forked must not have threads; and only a fresh process picks up a new
release without leaving the old one's holes in its memory. Hence a template for each release, which the supervisor
starts anew, and which does nothing but fork.
"""
