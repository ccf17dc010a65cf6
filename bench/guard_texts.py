"""Texts to try the guard with: each generator makes texts that may hide a SERVICE from one reader and show it to another."""

# ruff: noqa: E501

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

Generator = Callable[[random.Random], str]

TRAP = "http://127.0.0.1:9/trap"  # replaced by the URL of the listener
_CLAUSES = [
    f"SERVICE <{TRAP}> {{ ?x ?y ?z }}", f"SERVICE SILENT <{TRAP}> {{ ?x ?y ?z }}", f"service<{TRAP}>{{?x ?y ?z}}",
    "SERVICE t:rap {?x ?y ?z}", "SERVICE:x{?x ?y ?z}", f"SERVICE#\n<{TRAP}>#}}\n{{?x ?y ?z}}", "SERVICE ?g { ?x ?y ?z }",
    f"LATERAL {{ SERVICE <{TRAP}> {{}} }}", f"sErVIcE\t<{TRAP}>{{}}", f"SERVICE <{TRAP.replace('t', chr(92) + 'u0074')}> {{}}",
]  # fmt: skip
_PROLOGUES = [
    "", f"PREFIX : <{TRAP}> ", f"PREFIX t: <{TRAP[:-3]}> ", f"PREFIX SERVICE: <{TRAP}> PREFIX e: <e:> ", f"BASE <{TRAP}> PREFIX n: <> ",
    f"PREFIX t: <{TRAP[:-3]}> PREFIX : <{TRAP}> PREFIX SERVICE: <{TRAP}> PREFIX e: <http://e/> PREFIX n: <n:> ", 'VERSION "1.2" PREFIX :<a:>',
]  # fmt: skip


def _some(chance: random.Random, parts: list[str], most: int, between: str = "") -> str:
    return between.join(chance.choice(parts) for _ in range(chance.randrange(most + 1)))


# --- from the grammar ----------------------------------------------------------------------------------------------

_GAPS = ["", "", " ", " ", "\n", "\t", "#\n", "# '\n", '# """ {\r', "#>\n"]
_STRINGS = [
    "'a'", '"a"', "''", '""', "'''a'b'''", '"""a"b"""', "'\\''", '"\\""', "'''\\'''''", '"#"', "'{'", "'>'", "'SERVICE'", "'\\u0027'",
    "'''\n'''", "'\\\\'", f"'''SERVICE <{TRAP}> {{}}'''",
]  # fmt: skip
_IRIS = [
    "<a:b>",
    "<#>",
    "<?y#>",
    "<#'>",
    "<>",
    "<a>",
    "<?x&&'>",
    "<http://a/#it's>",
    "e:a",
    ":",
    ":a.b",
    "n:a\\/b.c",
    "e:%20",
    "n:-",
    "_:b.c",
]
_VARIABLES = ["?x", "?y", "$z", "?service", "?x\u200d", "?a\u0300", "?\u00b7", "?x\u203f", "?1"]
_NUMBERS = ["1", "-1", "+1.5", ".5", "1.", "1e3", "1.e-3", "1.5E+3", "-.5e0"]


class _Grammar:
    """Queries by the rules of SPARQL, written with any space that the rules leave, and some that they do not."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.depth = 0

    def odd(self, usual: list[str], odd: list[str]) -> str:
        """One of the usual, and now and then one of the odd: too many, and no engine reads the whole."""
        return self.chance.choice(odd if self.chance.random() < 0.1 else usual)

    def gap(self) -> str:
        return self.odd([" ", " ", "\n", "\t"], _GAPS)

    def term(self) -> str:
        kind = self.chance.randrange(8)
        if kind < 3:
            return self.odd(["?x", "?y", "$z"], _VARIABLES)
        if kind < 5:
            return self.odd(["<a:b>", "<#>"], _IRIS)
        if kind == 5:
            return self.chance.choice(_STRINGS) + self.odd(
                ["", "@en"], ["@en-GB", "^^<a:b>", "^^e:i", " @en", "@en--ltr"]
            )
        if kind == 6:
            return self.chance.choice(_NUMBERS)
        return self.odd(
            ["true", "1"], ["[]", "()", "(?x <a:b>)", "[ ?p ?o ]", "<<?s?p?o>>", "<<( ?s ?p 'x>' )>>", "(1 <?y#> '>')"]
        )

    def node(self) -> str:
        """What may be the subject of a triple."""
        return self.odd(["?x", "?y", "<a:b>", "<#>"], [*_VARIABLES, *_IRIS, *_STRINGS])

    def triple(self) -> str:
        verb = self.chance.choice([self.path(), "a", "?p"])
        more = self.odd(
            ["", "", ";", "," + self.term()], [f";{self.gap()}?p{self.gap()}{self.term()}", "{|?a ?b|}", "~?r"]
        )
        return f"{self.node()}{self.gap()} {verb}{self.gap()} {self.term()}{more}"

    def path(self) -> str:
        steps = [self.odd(["<a:b>", "<#>"], _IRIS) for _ in range(self.chance.randrange(1, 4))]
        text = self.odd(["/", "|", "/^"], ["?/", "*|!", "+/"]).join(steps)
        return self.chance.choice([text, f"({text})*", f"!({'|'.join(steps)})", f"^{text}?"])

    def expression(self) -> str:
        if self.depth > 2:
            return self.odd(["?x", "1"], ["<?y#>"])
        self.depth += 1
        try:
            left, right = self.term(), self.chance.choice([self.term, self.expression])()
            operator = self.odd(["<", ">", "<=", "=", "&&", "||", "+", "-", "*", "/", " IN("], ["!=", "<<", ">>", ","])
            text = f"{left}{self.gap()}{operator}{self.gap()}{right}" + (")" if operator == " IN(" else "")
            return self.chance.choice(
                [
                    text,
                    f"({text})",
                    f"!({text})",
                    f"STR({text})",
                    f"<a:f>({text})",
                    f"EXISTS{self.group()}",
                    f"IF({text},{text},1)",
                    f"COALESCE ({text})",
                ]
            )
        finally:
            self.depth -= 1

    def group(self) -> str:
        if self.depth > 2:
            return "{}"
        self.depth += 1
        try:
            parts = []
            for _ in range(self.chance.randrange(1, 3)):
                parts.append(
                    self.chance.choice(
                        [
                            self.triple, self.triple, self.service, lambda: f"FILTER({self.expression()})", lambda: f"OPTIONAL{self.group()}",
                            lambda: f"{self.group()}UNION{self.group()}", lambda: f"MINUS{self.group()}", lambda: f"GRAPH ?g{self.group()}",
                            lambda: f"BIND({self.expression()} AS ?b{self.chance.randrange(99)})", lambda: f"VALUES(?v ?w){{({self.odd(_STRINGS, _NUMBERS)} UNDEF)}}",
                            lambda: f"{{SELECT{self.gap()}*{self.group()}}}", lambda: f"FILTER NOT EXISTS{self.group()}", self.group,
                        ]
                    )()
                )  # fmt: skip
            return "{" + (self.gap() + self.odd([" . "], [".", "", " "]) + self.gap()).join(parts) + self.gap() + "}"
        finally:
            self.depth -= 1

    def service(self) -> str:
        return self.odd(_CLAUSES[:4], _CLAUSES)

    def query(self) -> str:
        head = self.chance.choice(
            [
                "SELECT*",
                "ASK",
                "SELECT ?x",
                f"SELECT({self.expression()} AS ?q)",
                "ASK",
                "CONSTRUCT{?s ?p ?o}WHERE",
                "DESCRIBE ?x",
            ]
        )
        tail = self.chance.choice(
            [
                "",
                "",
                "",
                "",
                f"ORDER BY({self.expression()})",
                "LIMIT 1",
                f"HAVING({self.expression()})",
                "VALUES ?x{<a:b>}",
            ]
        )
        return self.odd([_PROLOGUES[-2]], _PROLOGUES) + head + self.gap() + self.group() + tail


def grammar(chance: random.Random) -> str:
    """Queries from the grammar, SERVICE anywhere."""
    return _Grammar(chance).query()


# --- mutations -----------------------------------------------------------------------------------------------------

_PIECES = [
    *_CLAUSES, *_STRINGS, *_IRIS, *_VARIABLES, "{", "}", "(", ")", "<", ">", "'", '"', "'''", '"""', "\\", "#", "\n", "\r", "<<", ">>", "<<(", ")>>",
    "{|", "|}", "~", "^^", "@", ".", ":", "\\u0022", "\\u003E", "FILTER(", "GRAPH ", "UNION", "\u200d", "\u200c", "\u0300", "\u02c2", "\u00b7", "-",
]  # fmt: skip


def mutations(seeds: list[str]) -> Generator:
    """A generator that puts a SERVICE into a group of a known query and changes a few places."""

    def mutate(chance: random.Random) -> str:
        text = chance.choice(seeds)
        if groups := [match.end() for match in re.finditer(r"\{", text)]:
            at = chance.choice(groups)
            text = text[:at] + " " + chance.choice(_CLAUSES) + " " + text[at:]
        for _ in range(chance.choice([0, 1, 1, 2, 3, 5])):
            at, length = chance.randrange(len(text) + 1), chance.choice([0, 0, 1, 1, 2, 8])
            text = text[:at] + chance.choice([*_PIECES, ""]) + text[at + length :]
        return chance.choice(["", "", *_PROLOGUES]) + text

    return mutate


def w3c_seeds(data: Path) -> list[str]:
    """The queries of the W3C syntax tests."""
    files = sorted((data / "w3c-sparql-syntax").rglob("*.rq"))
    return [path.read_bytes().decode("utf-8", "replace") for path in files]


OWN_SEEDS = [
    "SELECT * { ?s ?p ?o } LIMIT 10",
    "PREFIX e: <http://e/> SELECT ?s (COUNT(*) AS ?n) { ?s e:a/e:b ?k FILTER(?k != 'a\\'b' && ?n<5) } GROUP BY ?s",
    "CONSTRUCT { ?s <a:b> [] } { GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?o ?p ?s } }",
    "ASK FROM <http://e/g> { VALUES (?a ?b) { (1 UNDEF) ('x'@en 2.5e3) } OPTIONAL { ?s ?p ?a } }",
    'SELECT * { ?s a <b>; <p> """x""" , (1 2 3) , [ <q> ?r ] . BIND(IF(?x<?y,1,2) AS ?z) }',
]


# --- spliced tokens ------------------------------------------------------------------------------------------------

_TOKENS = [
    *_IRIS, *_STRINGS, *_VARIABLES, *_NUMBERS, "{", "}", "(", ")", "[", "]", "<", ">", "<=", "<<", ">>", "<<(", ")>>", "{|", "|}", ".", ";", ",", "|",
    "/", "^", "^^", "*", "+", "?", "!", "&&", "||", "=", "-", "a", "@en", "_:x", "FILTER", "GRAPH", "OPTIONAL", "UNION", "VALUES", "BIND", "AS", "IN",
    "NOT", "EXISTS", "SELECT", "WHERE", "UNDEF", "true", "COALESCE", "STR", "#", "#\n", "\n", " ", " ", " ", "SERVICE", "SERVICE:x", "SILENT",
]  # fmt: skip


def spliced(chance: random.Random) -> str:
    """Tokens side by side, with and without space, around a SERVICE."""
    between = chance.choice(["", " ", " "])
    left, right = _some(chance, _TOKENS, 8, between), _some(chance, _TOKENS, 4, between)
    shape = chance.choice(
        ["SELECT*{{{0} {1} {2}}}", "SELECT*{{ FILTER({0}) {1} {2}\n}}", "ASK{{ ?s ?p {0}{1}{2} }}", "SELECT * {{ ?a ?b <<{0}>> . {1} #{2}\n}}",
         "ASK {{ ?s {0}\n) {1} #{2}\n}}", "SELECT({0} AS ?q){{ {1} }} {2}", "ASK {{ VALUES(?a){{({0})}} {1} }}{2}"]
    )  # fmt: skip
    return chance.choice(_PROLOGUES) + shape.format(left, chance.choice(_CLAUSES), right)


# --- Unicode and escapes -------------------------------------------------------------------------------------------

_ODD = [
    *"\u00a0\u00aa\u00b7\u00ba\u00d7\u00f7\u02c2\u0300\u036f\u037e\u0387\u0660\u1680\u180e\u1fff\u2000\u200b\u200c\u200d\u200e\u2028\u2029\u203f\u2040",
    *"\u2070\u218f\u2190\u2c00\u2fef\u3000\u3001\ud7ff\uf900\ufdcf\ufdd0\ufdf0\ufeff\ufffd\uffff\U00010000\U000effff\U000f0000\u017f\u212a\uff33\uff1c",
    "\x00", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\\u0053", "\\U00000053", "\\u200D", "\\u003C", "\\u003E", "\\u0027", "\\u0022", "\\u007B",
    "\\u0023", "\\u000A", "\\x", "\\", "%3E", "%", "\\-", "\\.",
]  # fmt: skip


def noise(chance: random.Random) -> str:
    """Characters at the edges of the grammar's classes and escapes, in names, strings and between tokens, around a SERVICE."""
    odd = _some(chance, _ODD, 3)
    quote = chance.choice(["'", '"', "'''", '"""'])
    left = chance.choice(
        [f"?x{odd}<?p#>{quote}\n", f"?{odd}", f"<a:{odd}>", f"e:{odd}", f"{quote}{odd}{quote}", odd, f"?s ?p e:a{odd}.", f"_:{odd}b", f"FILTER(?x{odd}<?y",
         f"?a ?b <<?s{odd}?p'x>'>>", f"e{odd}:a ?p {quote}\\{quote}{odd}{quote} .", f"{odd}#{quote}\n", f"?s ?p {quote}{quote}@en{odd} ."]
    )  # fmt: skip
    clause = chance.choice(_CLAUSES)
    if chance.random() < 0.3:
        at = chance.randrange(8)
        clause = clause[:at] + chance.choice(_ODD) + clause[at + chance.choice([0, 1]) :]
    right = chance.choice(["", f"#{quote}\n", f"{quote}", f"}} #{odd}", ")", f"# {odd}\n)"])
    shape = chance.choice(
        [
            "SELECT*{{{0} {1} {2}}}",
            "SELECT*{{FILTER({0}) {1} {2}}}",
            "ASK{{ ?s ?p {0}{1}{2} }}",
            "SELECT ?x {{ {{}}{0}\n{1}{2}\n}}",
        ]
    )
    return chance.choice(_PROLOGUES) + shape.format(left, clause, right)
