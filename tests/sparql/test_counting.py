"""Row counts of serialised results, whatever the values hold and wherever the output is cut."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sparql import wire, worker
from app.sparql.worker import _RESULTS

_TEXT = st.text(alphabet=st.sampled_from('"\\{},:[]\n\r\t<>/result &é'), max_size=12)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(_RESULTS)),
    st.lists(st.tuples(_TEXT, st.one_of(st.none(), _TEXT)), max_size=8),
    st.integers(1, 40),
)
def test_rows(name: str, rows: list[tuple[str, str | None]], size: int) -> None:
    store = ox.Store()
    values = " ".join(f"({ox.Literal(a)} {'UNDEF' if b is None else ox.Literal(b)})" for a, b in rows)
    form, counter, mark = _RESULTS[name]
    body = store.query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }}").serialize(format=form)
    count = counter()
    assert sum(count(body[at : at + size]) for at in range(0, len(body), size)) == len(rows)
    assert body.count(mark) >= len(rows), "what is taken for the most that there can be"


def test_rows_without_bindings() -> None:
    solutions = ox.Store().query("SELECT ?x { VALUES () { () () () } }")
    form, counter, _ = _RESULTS["json"]
    assert counter()(solutions.serialize(format=form)) == 3


@pytest.mark.parametrize("name", sorted(_RESULTS))
@pytest.mark.parametrize("piece", [16, 64 * 1024])
@pytest.mark.parametrize("text", ["", "a longer text"])
@pytest.mark.parametrize("kept", [0, 8])
def test_one_row_too_many_is_noticed(
    name: str, piece: int, text: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However early rows begin to be counted."""
    monkeypatch.setattr(wire, "DATA_BYTES", piece)
    monkeypatch.setattr(worker, "_UNCOUNTED", kept)
    for rows in (1, 2, 40, 41, 42):
        values = f"({ox.Literal(text)}) " * rows
        request = {
            "query": f"SELECT ?x {{ VALUES (?x) {{ {values} }} }}", "base": None, "dataset": False, "default": None, "named": [],
            "bindings": name, "boolean": name, "graph": "nt", "rows": 41, "bytes": 100_000,
        }  # fmt: skip
        end, _ = worker.outcome(ox.Store(), request, worker._Sink(lambda _: None, 100_000))
        assert end.get("error") == (wire.ROWS if rows > 41 else None), rows
