"""SERVICE ccsi:search: concepts by words inside a query, found in the index of the release and not by an engine.

    SERVICE ccsi:search {
        ?concept ccsi:matches "museum*"@en ; ccsi:score ?score ; ccsi:matchedLabel ?label ; ccsi:matchType ?how ;
                 ccsi:conceptType "occupation" ; ccsi:limit 20 }

The clause is no pattern of SPARQL but a form to fill in, so only this form is read: one variable and these properties, each
once. What is found stands in the query as VALUES, as the answer of an endpoint does (federation.py); nothing of the clause
goes on but the names of its variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.errors import QuerySyntax
from app.sparql.tokens import Token, quoted
from ontology import CCSI

if TYPE_CHECKING:
    from app.catalogue.search import Search, SearchHit

SEARCH = CCSI + "search"
FORM = f'?concept <{CCSI}matches> "museum*" ; <{CCSI}score> ?score'
MOST, USUAL = 1000, 100  # concepts of one clause, and where it does not say how many
_LONGEST = 200  # characters of the words
_OUT = ("score", "matchedLabel", "matchType")
_KINDS = {"matches": "string", "conceptType": "string", "limit": "number", **dict.fromkeys(_OUT, "variable")}


@dataclass(slots=True)
class Clause:
    """What is searched for, and which variable takes what: "concept" and names of properties -> variable."""

    text: str = ""
    language: str = ""
    type: str = ""
    most: int = USUAL
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether the last word is only begun."""
        return self.text.endswith("*")


@dataclass(slots=True)
class Reader:
    """Reads the tokens between the braces: `full` gives the IRI of one, `value` its string, `refuse` why it may not stand there."""

    full: Callable[[Token], str]
    value: Callable[[Token], str]
    refuse: Callable[[Token, str], Exception]

    def read(self, tokens: Sequence[Token], end: Token) -> Clause:
        """The clause; `end` is the brace behind it. Raises what `refuse` makes."""
        rest = [*tokens, end][::-1]

        def take(kind: str) -> Token:
            token = rest[-1]
            if token.kind != kind and not (kind == "iri" and token.kind == "name"):
                raise self.refuse(token, f"SERVICE <{SEARCH}> has a {kind} here")
            return rest.pop()

        clause = Clause(variables={"concept": take("variable").text})
        seen: set[str] = set()
        while rest[-1].kind in ("iri", "name"):
            name = self.full(rest[-1]).removeprefix(CCSI)
            if name not in _KINDS or name in seen:
                raise self.refuse(rest[-1], f"SERVICE <{SEARCH}> knows, each once: {', '.join(_KINDS)} of <{CCSI}>")
            seen.add(name)
            rest.pop()
            self._set(clause, name, take(_KINDS[name]))
            if name == "matches" and rest[-1].kind == "language":
                clause.language = rest.pop().text[1:].lower()
            if rest[-1].text != ";":
                break
            rest.pop()
        if rest[-1].text == "." and len(rest) > 1:
            rest.pop()
        if len(rest) > 1:
            raise self.refuse(rest[-1], f"SERVICE <{SEARCH}> is one variable with properties, parted by semicolons")
        if not clause.text.strip(" *"):
            raise self.refuse(end, f"SERVICE <{SEARCH}> needs words: {FORM}")
        return clause

    def _set(self, clause: Clause, name: str, token: Token) -> None:
        if name in _OUT:
            if token.text[1:] in {variable[1:] for variable in clause.variables.values()}:
                raise self.refuse(token, f"SERVICE <{SEARCH}> gives each variable one value")
            clause.variables[name] = token.text
        elif name == "limit":
            if not token.text.isdecimal() or len(token.text) > 4 or not 1 <= int(token.text) <= MOST:
                raise self.refuse(token, f"a limit is from 1 to {MOST}")
            clause.most = int(token.text)
        elif len(text := self.value(token)) > _LONGEST:
            raise self.refuse(token, f"words are at most {_LONGEST} characters")
        elif name == "matches":
            clause.text = text
        else:
            clause.type = text


def ask(clause: Clause, index: Search) -> list[SearchHit]:
    """What the index has for a clause. Raises QuerySyntax for a type of concept that there is not."""
    try:
        wanted = index.only([clause.type] if clause.type else [])
    except ValueError as error:
        raise QuerySyntax(f"<{CCSI}conceptType>: {error}") from None
    return index.suggest(clause.text.rstrip("* "), clause.language or "en", wanted, clause.most, clause.begun).items


def values(clause: Clause, hits: Iterable[SearchHit]) -> tuple[str, int]:
    """What was found as VALUES, and how many terms that are."""
    names = list(clause.variables)
    rows = []
    for hit in hits:
        row = {
            "concept": f"<{hit.iri}>",
            "score": f"{hit.score:.4f}",
            "matchedLabel": f"{quoted(hit.matched)}@{hit.part.language}",
            "matchType": quoted(hit.type),
        }
        rows.append(f"({' '.join(row[name] for name in names)})")
    return f"VALUES ({' '.join(clause.variables.values())}) {{ {' '.join(rows)} }}", len(names) * len(rows)
