"""What every request and answer goes through, whatever it is about; knows settings and errors, and no release.

    host.py      is the head of a request one of HTTP/1.1, with one Host
    parser.py    httptools' parser, which reads on where a client asks for another protocol
    clients.py   who asks, and how much more he may
    ready.py     answers that are kept, and what finds them
    answers.py   bytes as a cacheable answer: conditional requests, content coding
    front.py     these together, as connections and the edge share them, and who is told of a finished request
    problems.py  errors as problem+json
    shapes.py    what the shapes of all answers share
    together.py  head and body in one call of the kernel
    edge.py      the outermost ASGI layer: request ids, bounds, HEAD, CORS
    work.py      the time that a request takes of the event loop
    held.py      bytes of answers that clients have not taken yet

`app/http/connection.py` is the connection itself; it sends ready answers before any of ASGI runs.
"""

from app.http.edge import EdgeMiddleware
from app.http.front import Finished, Front
from app.http.negotiation import coding_of
from app.http.ready import Answer, AnswerCache, Key, Tally
from app.http.responses import CACHE_CONTROL, VARY, matches, respond, respond_json, sent, uncached_json
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
    "respond_json",
    "sent",
    "uncached_json",
]
