"""The four generators of bench.guard_fuzz in a bounded form; `make fuzz` runs the whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.guard_fuzz import engine_sees_service, fuzz

DATA = os.environ.get("CCSI_ESCO_DATA")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("SELECT * { ?s ?p ?o SERVICE <a:b> {} }", True),
        ("SELECT * { ?s ?p 1SERVICE<a:b>{} }", True),
        ("ASK { ?s ?p 'SERVICE' }", False),
        ("ASK { ?service <a:service> ?o } # SERVICE", False),
        ("ASK { SERVICE", False),
    ],
)
def test_the_fuzz_sees_what_the_engine_sees(text: str, seen: bool) -> None:
    assert engine_sees_service(text) == seen


def test_no_text_gets_by(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(1500, seed=11, data=Path(DATA) if DATA else None) == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(", in 0 the engine sees" not in line for line in lines), "each generator makes what would be dangerous"
