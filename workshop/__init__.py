"""The workshop: what experts say of a release, kept so that nothing of it can be changed, and what follows from it.

    model.py            the tables; `record` is the append-only one, which holds everything that was said
    database.py         SQLite or PostgreSQL: transactions, migrations, faults of the disk
    backup.py           everything as one file, and back
    journal.py          what was said, in order, and what may be told of it to whom
    errors.py           what is refused, and why
    texts.py            what people write, made fit to be kept anywhere
    people.py           invitations, joining, sessions; who somebody is can be deleted, what was said stays
    arrivals.py         facilitators on their way through an issuer of identities
    selection.py        which occupations and cards a workshop works on, by rule
    preparing.py        a workshop with its groups, items and decks, frozen on a release
    rules.py            when an answer is adopted, fixed beforehand
    review.py           blind rounds: queue, judgement, reveal, next round, resolution
    sorting.py          card sorts: what was sorted, who agrees, dendrogram
    motions.py          what is put to the vote: clusters, skills, flags, rules, roles
    settling.py         decks that are closed by the rule
    suggesting.py       what results suggest to put to the vote
    wall.py             transversal skills with points to spend
    adopted.py          what stands of all this, as entries; the rule set
    voting.py           yes or no to a placement, a proposal or a mark, and what the rule makes of it
    placing.py          the group boards
    proposals.py        what ESCO lacks
    baskets.py          skills that a group found for a sector
    inbox.py            what guests of the public pages report
    agreement.py        the measures of agreement
    triples.py          statements of an overlay
    placements.py       adopted placements as RDF
    overlay.py          adopted resolutions as RDF, for `ccsi load --panel`
    tables.py           boards, votes, proposals, baskets and reports as rows
    overlay_entries.py  the same of clusters, skills, flags, rules and roles
    minutes.py          the record as rows: answers, change requests, minutes
    decided.py          motions, votes, points and the rule set as rows
    accord.py           the minutes by the items of ACCORD

It knows no HTTP and no store: the service asks it in threads, and loaders read the Turtle that it writes.
"""
