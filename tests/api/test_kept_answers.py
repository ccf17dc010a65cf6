"""Kept answers: equal ones are held once, names are bounded, room is kept to."""

from __future__ import annotations

from app.http import Answer, AnswerCache


def made(text: str, size: int = 1000) -> Answer:
    return Answer(text.encode() * size, "text/plain", f'"{text}"', (("vary", "Accept"),))


def test_equal_answers_are_held_once() -> None:
    cache = AnswerCache(1 << 20)
    for n in range(5):
        cache.put((f"key {n}",), made("a"))
    assert len({id(cache.get((f"key {n}",))) for n in range(5)}) == 1


def test_the_same_bytes_of_another_type_are_another_answer() -> None:
    cache = AnswerCache(1 << 20)
    cache.put(("json",), Answer(b"{}", "application/json", '"x"'))
    cache.put(("jsonld",), Answer(b"{}", "application/ld+json", '"x"'))
    assert [cache.get((k,)).media_type for k in ("json", "jsonld")] == ["application/json", "application/ld+json"]  # type: ignore[union-attr]


def test_an_answer_that_says_the_same_is_found_whatever_was_asked() -> None:
    cache = AnswerCache(1 << 20)
    cache.put(("one",), made("a"))
    unpacked = Answer(b"", "text/plain", '"a"', (("vary", "Accept"),))
    assert cache.equal(unpacked) is cache.get(("one",))
    assert cache.equal(Answer(b"", "text/plain", '"a"')) is None, "with other headers"
    assert cache.equal(Answer(b"", "text/plain", '"b"', (("vary", "Accept"),))) is None


def test_names_are_bounded_and_the_first_stays() -> None:
    cache = AnswerCache(1 << 20)
    for n in range(1000):
        cache.put((f"key {n}",), made("a"))
    kept = [n for n in range(1000) if cache.get((f"key {n}",))]
    assert kept == [0, *range(969, 1000)]


def test_the_least_used_goes_with_all_its_names() -> None:
    cache = AnswerCache(42_000)
    for text in "abcdefgh":  # eight of some 5,100 bytes with their names
        cache.put((text, "one"), made(text, 3000))
        cache.put((text, "two"), made(text, 3000))
        cache.get(("a", "one"))
    for text in "ijk":
        cache.put((text, "one"), made(text, 3000))
    assert cache.get(("a", "one")) is not None
    assert cache.get(("b", "one")) is None
    assert cache.get(("b", "two")) is None
    assert cache.get(("k", "one")) is not None


def test_what_is_too_large_for_the_whole_is_not_kept() -> None:
    cache = AnswerCache(80_000)
    cache.put(("large",), made("a", 9000))
    cache.put(("small",), made("b", 100))
    assert cache.get(("large",)) is None
    assert cache.get(("small",)) is not None
