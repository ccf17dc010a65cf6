"""What every request and answer goes through, whatever it is about; knows settings and errors, and no release.

listen.py                     a port is taken before anything slow happens
connection.py                 the connection itself
unrouted.py                   what it answers before any of ASGI runs
crowd.py                      all connections of a process, and how many there may be
faults.py                     clients whose connections had to be ended, and how long the next ones wait
turns.py                      whose bytes are read next
pace.py                       whose request is worked on next
host.py                       is the head of a request one of HTTP/1.1, with one Host
parser.py                     httptools' parser, which reads on where a client asks for another protocol
clients.py                    who asks, and how much more he may
ready.py                      answers that are kept, and what finds them
responses.py                  bytes as a cacheable answer: conditional requests, content coding
negotiation.py, languages.py  what a client wants: media types, codings, languages
representations.py            an answer as JSON-LD and Turtle
front.py                      these together, as connections and the edge share them, and who is told of a finished request
problems.py                   errors as problem+json
shapes.py                     what the shapes of all answers share
together.py                   head and body in one call of the kernel
edge.py                       the outermost ASGI layer: request ids, bounds, HEAD, CORS
work.py                       the time that a request takes of the event loop
held.py                       bytes of answers that clients have not taken yet
inprocess.py                  the application asked from within its own process
"""

from app.http.edge import EdgeMiddleware
from app.http.front import Finished, Front
from app.http.negotiation import coding_of
from app.http.ready import Answer, AnswerCache, Key, Tally
from app.http.responses import CACHE_CONTROL, VARY, matches, respond, sent, uncached_json
from app.http.work import count_seconds

__all__ = [
    "CACHE_CONTROL",
    "VARY",
    "Answer",
    "AnswerCache",
    "EdgeMiddleware",
    "Finished",
    "Front",
    "Key",
    "Tally",
    "coding_of",
    "count_seconds",
    "matches",
    "respond",
    "sent",
    "uncached_json",
]
