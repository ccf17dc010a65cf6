"""VoID and DCAT tell the truth about the release; downloads are whole, resumable and never outside their folder."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Limits, Settings
from ontology import ATTRIBUTION, CCSI, PREFIXES, RDF
from releases import dumps
from releases.release import Release
from tests.api.conftest import InProcess

VOID, DCAT, DCT = PREFIXES["void"], PREFIXES["dcat"], PREFIXES["dct"]
SD = "http://www.w3.org/ns/sparql-service-description#"
SPDX = "http://spdx.org/rdf/terms#"


@pytest.fixture(scope="module")
def site(starter_dir: Path, starter: Release) -> Iterator[TestClient]:
    """The service on the starter with its downloads made."""
    dumps.make(starter)
    settings = Settings(data_dir=starter_dir, log_level="error", publisher="Example Institute")
    with TestClient(create_app(settings, Limits()), base_url="https://ccsi.example", follow_redirects=False) as found:
        found.headers.pop("accept-encoding")
        yield found


@pytest.fixture(scope="module")
def said(site: TestClient) -> ox.Store:
    answer = site.get("/.well-known/void")
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    store = ox.Store()
    store.load(answer.content, format=ox.RdfFormat.TURTLE)
    return store


def objects(store: ox.Store, subject: ox.NamedNode | ox.BlankNode, prop: str) -> list[ox.Term]:
    return [q.object for q in store.quads_for_pattern(subject, ox.NamedNode(prop), None)]


def one(store: ox.Store, subject: ox.NamedNode | ox.BlankNode, prop: str) -> str:
    (found,) = objects(store, subject, prop)
    assert not isinstance(found, ox.BlankNode | ox.Triple)
    return found.value


def test_counts_are_those_of_the_release(said: ox.Store, starter: Release) -> None:
    held = ox.Store.read_only(str(starter.store))
    dataset = ox.NamedNode(f"https://w3id.org/ccsi/id/dataset/esco-{starter.id}")
    assert int(one(said, dataset, VOID + "triples")) == len(held) == starter.manifest["quads"]
    graphs = {g for g in held.named_graphs() if isinstance(g, ox.NamedNode)}
    assert set(objects(said, dataset, VOID + "subset")) == graphs
    for subject, quads in [(dataset, list(held))] + [
        (g, list(held.quads_for_pattern(None, None, None, g))) for g in graphs
    ]:
        if subject != dataset:
            assert int(one(said, subject, VOID + "triples")) == len(quads)
        properties = Counter(q.predicate.value for q in quads)
        classes = Counter(q.object.value for q in quads if q.predicate.value == RDF + "type")
        for partition, of, count, expected in (
            ("propertyPartition", "property", "triples", properties),
            ("classPartition", "class", "entities", classes),
        ):
            parts = objects(said, subject, VOID + partition)
            assert all(isinstance(p, ox.BlankNode) for p in parts)
            told = {one(said, p, VOID + of): int(one(said, p, VOID + count)) for p in parts}  # type: ignore[arg-type]
            assert told == dict(expected), subject


def test_dcat_names_terms_access_and_files(site: TestClient, said: ox.Store, starter: Release) -> None:
    dataset = ox.NamedNode(f"https://w3id.org/ccsi/id/dataset/esco-{starter.id}")
    assert ox.Literal(ATTRIBUTION, language="en") in objects(said, dataset, DCT + "rights")
    assert objects(said, dataset, DCT + "license")
    catalog = ox.NamedNode("https://ccsi.example/.well-known/void#catalog")
    assert objects(said, catalog, DCAT + "dataset") == [dataset]
    (agent,) = objects(said, catalog, DCT + "publisher")
    assert one(said, agent, PREFIXES["foaf"] + "name") == "Example Institute"  # type: ignore[arg-type]
    for needed in ("title", "description", "license", "publisher"):
        assert objects(said, catalog, DCT + needed), needed
        assert objects(said, dataset, DCT + needed), needed
    services = objects(said, catalog, DCAT + "service")
    assert {one(said, s, DCAT + "endpointURL") for s in services} == {  # type: ignore[arg-type]
        "https://ccsi.example/sparql",
        "https://ccsi.example/api/v1",
    }
    files = objects(said, dataset, DCAT + "distribution")
    assert len(files) == len(dumps.find(starter)) > 5
    for file in files:
        assert isinstance(file, ox.NamedNode)
        answer = site.get(one(said, file, DCAT + "downloadURL"))
        assert answer.status_code == 200
        assert len(answer.content) == int(one(said, file, DCAT + "byteSize"))
        (checksum,) = objects(said, file, SPDX + "checksum")
        assert one(said, checksum, SPDX + "checksumValue") == hashlib.sha256(answer.content).hexdigest()  # type: ignore[arg-type]


def test_the_description_is_for_readers(site: TestClient, said: ox.Store, starter: Release) -> None:
    """Every graph has a title in words, and the record of the load, which is for services, is left to its own graph."""
    graphs = said.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(SD + "NamedGraph"))
    titles = {quad.subject.value: one(said, quad.subject, DCT + "title") for quad in graphs}  # type: ignore[arg-type, union-attr]
    assert len(titles) > 5
    assert not [iri for iri, title in titles.items() if iri.endswith(title)]
    dataset = ox.NamedNode(f"https://w3id.org/ccsi/id/dataset/esco-{starter.id}")
    assert not objects(said, dataset, CCSI + "releaseRecord")
    page = site.get(f"/id/dataset/esco-{starter.id}.html").text
    assert "characters</summary>" in page, "a long text is folded"


def test_a_document_names_its_dataset_and_where_that_is_described(site: TestClient, starter: Release) -> None:
    found = ox.Store()
    found.load(site.get("/id/domain/heritage.ttl").content, ox.RdfFormat.TURTLE)
    document = ox.NamedNode("https://ccsi.example/id/domain/heritage")
    assert one(found, document, PREFIXES["void"] + "inDataset") == f"https://w3id.org/ccsi/id/dataset/esco-{starter.id}"
    assert one(found, document, PREFIXES["rdfs"] + "seeAlso") == "https://ccsi.example/.well-known/void"


@pytest.mark.parametrize("suffix", ["jsonld", "nt", "rdf"])
def test_every_syntax_says_the_same(site: TestClient, suffix: str) -> None:
    answer = site.get(f"/.well-known/void?format={suffix}")
    form = {"jsonld": ox.RdfFormat.JSON_LD, "nt": ox.RdfFormat.N_TRIPLES, "rdf": ox.RdfFormat.RDF_XML}[suffix]
    other = ox.Dataset(ox.parse(answer.content, format=form))
    # Not out of a store, which takes every kind of integer for an integer.
    here = ox.Dataset(ox.parse(site.get("/.well-known/void").content, format=ox.RdfFormat.TURTLE))
    for dataset in (other, here):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert {str(q) for q in other} == {str(q) for q in here}


def test_the_description_is_cacheable_and_there_for_people(site: TestClient) -> None:
    first, second = site.get("/.well-known/void"), site.get("/.well-known/void")
    assert first.headers["etag"] == second.headers["etag"]
    assert site.get("/.well-known/void", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert site.get("/.well-known/void", headers={"accept": "image/png"}).status_code == 406
    page = site.get("/.well-known/void", headers={"accept": "text/html"})
    assert "all.nq.gz" in page.text
    assert ATTRIBUTION in page.text


def test_a_download_can_be_resumed(site: TestClient, starter: Release) -> None:
    whole = site.get("/dumps/scope.ttl.gz")
    assert whole.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in whole.headers
    assert whole.headers["accept-ranges"] == "bytes"
    assert f'filename="ccsi-{starter.id}-scope.ttl.gz"' in whole.headers["content-disposition"]
    assert gzip.decompress(whole.content).startswith(b"@prefix")
    etag = whole.headers["etag"]
    assert hashlib.sha256(whole.content).hexdigest()[:32] in etag
    part = site.get("/dumps/scope.ttl.gz", headers={"range": "bytes=1000-", "if-range": etag})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 1000-{len(whole.content) - 1}/{len(whole.content)}"
    assert part.content == whole.content[1000:]
    changed = site.get("/dumps/scope.ttl.gz", headers={"range": "bytes=1000-", "if-range": '"other"'})
    assert (changed.status_code, changed.content) == (200, whole.content)
    assert site.get("/dumps/scope.ttl.gz", headers={"range": "bytes=-100"}).content == whole.content[-100:]
    beyond = site.get("/dumps/scope.ttl.gz", headers={"range": f"bytes={len(whole.content)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")
    assert beyond.headers["content-type"] == "application/problem+json"
    assert site.get("/dumps/scope.ttl.gz", headers={"if-none-match": etag}).status_code == 304
    head = site.head("/dumps/scope.ttl.gz")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(whole.content)))
    assert head.headers["etag"] == etag


def test_odd_ranges_are_no_ranges(site: TestClient) -> None:
    whole = site.get("/dumps/scope.ttl.gz").content
    for odd in (
        "bytes=" + "0-1," * 5000,
        "bytes=0-1,3-4",
        "lines=1-2",
        "bytes=a-b",
        "",
        "bytes=5-1;drop",
        "bytes=9-3",
        "bytes=-",
    ):
        answer = site.get("/dumps/scope.ttl.gz", headers={"range": odd})
        assert (answer.status_code, answer.content) == (200, whole)


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fmanifest.json", "%2e%2e/current", "index.json", ".building", "all.nq", "all.nq.gz%00", "ALL.NQ.GZ", "%00", "a" * 3000],
)  # fmt: skip
def test_only_downloads_can_be_downloaded(site: TestClient, name: str) -> None:
    answer = site.get(f"/dumps/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert site.get("/dumps/all.nq.gz?x=1").status_code == 422


@pytest.mark.parametrize("path", ["/dumps", "/dumps/"])
def test_the_folder_of_downloads_leads_to_their_list(site: TestClient, path: str) -> None:
    answer = site.get(path, follow_redirects=True)
    assert answer.status_code == 200
    assert "/dumps/all.nq.gz" in answer.text


def test_the_sums_check_the_files(site: TestClient, starter: Release) -> None:
    lines = dict(reversed(line.split("  ")) for line in site.get("/dumps/SHA256SUMS").text.splitlines())
    assert lines == {dump.name: dump.sha256 for dump in dumps.find(starter)}


@pytest.mark.long
def test_files_are_made_when_first_asked_for(mini_dir: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(mini_dir, tmp_path / "data", symlinks=True)
    with TestClient(create_app(Settings(data_dir=tmp_path / "data", log_level="error"), Limits())) as client:
        before = client.get("/.well-known/void")
        assert "byteSize" not in before.text
        for _ in range(30):
            answer = client.get("/dumps/release.ttl.gz")
            if answer.status_code == 200:
                break
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            time.sleep(1)
        assert gzip.decompress(answer.content)
        after = client.get("/.well-known/void")
        assert "byteSize" in after.text
        assert after.headers["etag"] != before.headers["etag"]


def test_a_server_that_cannot_write_says_so(mini_dir: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(mini_dir, tmp_path / "data", symlinks=True)
    (tmp_path / "data" / "dumps").write_text("in the way")
    with TestClient(create_app(Settings(data_dir=tmp_path / "data", log_level="error"), Limits())) as client:
        answer = client.get("/dumps/release.ttl.gz")
        while "being made" in answer.json()["detail"]:
            answer = client.get("/dumps/release.ttl.gz")
        assert answer.status_code == 503
        again = client.get("/dumps/release.ttl.gz")
        assert "cannot be written" in again.json()["detail"]
        assert client.get("/.well-known/void").status_code == 200


def test_a_service_at_an_endpoint_offers_no_files(oxigraph_api: InProcess) -> None:
    refused = oxigraph_api.get("/dumps/all.nq.gz")
    assert refused.status_code == 404
    assert "endpoint" in refused.json()["detail"]
    assert "dataDump" not in oxigraph_api.get("/.well-known/void").text
    assert "has no files of it" in oxigraph_api.get("/.well-known/void?format=html").text
