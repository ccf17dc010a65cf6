"""Linked data: every IRI of the release leads to what is known of it.

iris.py          from IRIs to the addresses here, and back
resource.py      what the graph says of a resource, both ways, in bounded pages
names.py         what to call things on a page
evidence.py      decision -> assertions -> sources, for people
rdf_formats.py   representations and how they are chosen
jsonld.py        JSON-LD with short names
routes.py        /id/…, /ns, /resource, /contexts/…
ontology.py      the ontology as the release holds it
pages.py         pages of resources, of one property's links, of the ontology
dataset.py       the dataset about itself: VoID and DCAT-AP at /.well-known/void
dataset_page.py  the same for people
downloads.py     /dumps/…
shared_file.py   a file that many read at once, within bounds
"""
