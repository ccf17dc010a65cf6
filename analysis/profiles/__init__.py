"""Profiles: what a cultural-creative role asks for, composed from ESCO by explicit guidelines, and compared.

The guidelines are data (ontology/profiles.ttl); docs/profile-guidelines.md explains them.
"""

from __future__ import annotations

METHOD_VERSION = "profiles-2"
