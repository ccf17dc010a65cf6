"""Linked data: every IRI of the release leads to what is known of it.

iris.py          from IRIs to the addresses here, and back
description.py   what the graph says of a resource, both ways, in bounded pages
names.py         what to call things on a page
evidence.py      decision -> assertions -> sources, for people
formats.py       representations and how they are chosen
jsonld.py        JSON-LD with short names
routes.py        /id/…, /ns, /resource, /contexts/…
dataset.py       the dataset about itself: VoID and DCAT-AP at /.well-known/void
downloads.py     /dumps/…
"""
