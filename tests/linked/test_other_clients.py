"""Clients in other languages, unchanged: Comunica, YASGUI, Jena and EasyRdf, each where it is installed.

docs/linked-data.md has the table and the commands that install them, below `build/clients` where they are not Debian's.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from rdflib.namespace import SKOS

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, browser  # noqa: F401 (a fixture)

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "build" / "clients"
NPM = CLIENTS / "node_modules"
COMUNICA = shutil.which("comunica-sparql", path=str(NPM / ".bin")) or shutil.which("comunica-sparql") or ""
YASGUI = NPM / "@zazuko" / "yasgui" / "build"
JENA = next((d for d in (CLIENTS / "jena", Path("/usr/share/java")) if any(d.glob("jena-arq*.jar"))), None)
EASYRDF = Path("/usr/share/php/EasyRdf/autoload.php")
HERITAGE, MUSEUMS = "https://w3id.org/ccsi/id/domain/heritage", "https://w3id.org/ccsi/id/domain/museums"
NARROWER = f"SELECT ?sub ?label {{ ?sub <{SKOS.broader}> <{HERITAGE}> . ?sub <{SKOS.prefLabel}> ?label }}"

JAVA = """
import org.apache.jena.query.*;
import org.apache.jena.rdf.model.*;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.sparql.exec.http.*;

public class Asks {
    public static void main(String[] arguments) {
        String endpoint = arguments[0] + "/sparql", heritage = "https://w3id.org/ccsi/id/domain/heritage";
        String select = "SELECT ?l { <" + heritage + "> <http://www.w3.org/2004/02/skos/core#prefLabel> ?l } ORDER BY ?l";
        for (QuerySendMode mode : new QuerySendMode[] {QuerySendMode.asGetAlways, QuerySendMode.asPost, QuerySendMode.asPostForm}) {
            try (QueryExecution asked = QueryExecutionHTTP.service(endpoint).query(select).sendMode(mode).build()) {
                ResultSet rows = asked.execSelect();
                StringBuilder found = new StringBuilder();
                while (rows.hasNext()) found.append(rows.next().getLiteral("l").getLanguage()).append(" ");
                System.out.println("select " + found.toString().trim());
            }
        }
        try (QueryExecution asked = QueryExecutionHTTP.service(endpoint).query("CONSTRUCT WHERE { <" + heritage + "> ?p ?o }").build()) {
            System.out.println("construct " + (asked.execConstruct().size() > 10));
        }
        try (QueryExecution asked = QueryExecutionHTTP.service(endpoint).query("ASK { <" + heritage + "> ?p ?o }").build()) {
            System.out.println("ask " + asked.execAsk());
        }
        Model document = RDFDataMgr.loadModel(arguments[0] + "/id/domain/heritage");
        System.out.println("document " + document.contains(document.createResource(heritage), null, (RDFNode) null));
        String joined = "SELECT ?s ?l { ?s <http://www.w3.org/2004/02/skos/core#broader> <" + heritage + "> . SERVICE <" + endpoint
            + "> { ?s <http://www.w3.org/2004/02/skos/core#notation> ?l } }";
        try (QueryExecution asked = QueryExecution.create(joined, document)) {
            int n = 0;
            for (ResultSet rows = asked.execSelect(); rows.hasNext(); rows.next()) n++;
            System.out.println("federated " + (n > 3));
        }
    }
}
"""

PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="yasgui.min.css"><div id="here"></div>
<script src="yasgui.min.js"></script>
<script>window.yasgui = new Yasgui(document.getElementById("here"), {requestConfig: {endpoint: %s}});</script>"""

PHP = """<?php
require %s;
$endpoint = new EasyRdf\\Sparql\\Client($argv[1] . '/sparql/ccsi');
EasyRdf\\RdfNamespace::set('skos', 'http://www.w3.org/2004/02/skos/core#');
$short = 'SELECT ?l { <https://w3id.org/ccsi/id/domain/heritage> skos:prefLabel ?l } ORDER BY ?l';
foreach ([$short, $short . str_repeat(' ', 3000)] as $query) {  // the long one is sent as a form
    foreach ($endpoint->query($query) as $row) echo $row->l->getLang(), ' ';
    echo "\\n";
}
$graph = $endpoint->query('CONSTRUCT WHERE { <https://w3id.org/ccsi/id/domain/museums> ?p ?o }');
echo $graph->label('https://w3id.org/ccsi/id/domain/museums', 'en'), "\\n";
$document = EasyRdf\\Graph::newAndLoad($argv[1] . '/id/domain/museums.ttl', 'turtle');
echo $document->get('https://w3id.org/ccsi/id/domain/museums', 'skos:notation'), "\\n";
"""


@pytest.fixture(scope="module")
def server(starter_server: Server) -> Server:
    return starter_server


@pytest.mark.skipif(not COMUNICA, reason="Comunica is not installed; docs/linked-data.md says how")
def test_comunica_joins_a_dereferenced_document_with_the_endpoint(server: Server) -> None:
    found = []
    for sources in (
        [f"sparql@{server.url}/sparql"],
        [f"{server.url}/id/domain/heritage", f"sparql@{server.url}/sparql"],
    ):
        done = subprocess.run([COMUNICA, *sources, NARROWER], capture_output=True, text=True, timeout=120, check=True)
        found.append({(row["sub"], row["label"]) for row in json.loads(done.stdout)})
    assert found[0] == found[1]
    assert (MUSEUMS, '"museums"@en') in found[0]


@pytest.mark.skipif(not COMUNICA, reason="Comunica is not installed; docs/linked-data.md says how")
def test_comunica_federates_over_vocabularies(server: Server) -> None:
    """Its many small queries at once wait for their turn instead of being refused."""
    query = f"""SELECT ?entry ?name {{ ?entry <https://w3id.org/ccsi/ns#codeConcept> ?concept .
      ?concept <{SKOS.prefLabel}> ?name FILTER(STRSTARTS(STR(?entry), "https://w3id.org/ccsi/id/crosswalk/nace/")) }}"""
    sources = [f"sparql@{server.url}/sparql/{name}" for name in ("ccsi", "nace")]
    done = subprocess.run([COMUNICA, *sources, query], capture_output=True, text=True, timeout=120, check=True)
    rows = {row["entry"]: row["name"] for row in json.loads(done.stdout)}
    assert len(rows) == 53
    assert rows["https://w3id.org/ccsi/id/crosswalk/nace/1811-books"] == '"Printing of newspapers"@en'


def _unpack_messages(target: Path) -> None:
    """Debian's Jena 4.5 renames its Xerces, and leaves the messages without which no datatype is made where they were."""
    for jar in JENA.glob("jena-core*.jar") if JENA else ():
        with zipfile.ZipFile(jar) as packed:
            for name in packed.namelist():
                if "/xerces/" in name and name.endswith(".properties"):
                    place = target / name[name.index("xerces/") :]
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(packed.read(name))


@pytest.mark.skipif(JENA is None, reason="Jena (Debian: libapache-jena-java) is not installed")
@pytest.mark.skipif(not shutil.which("java"), reason="java is not installed")
def test_jena_asks_reads_and_federates(server: Server, tmp_path: Path) -> None:
    source = tmp_path / "Asks.java"
    source.write_text(JAVA, encoding="utf-8")
    messages = tmp_path / "messages"
    _unpack_messages(messages)
    command = ["java", "-cp", f"{messages}:{JENA}/*", str(source), server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if "Module jdk.compiler" in done.stderr:
        pytest.skip("java cannot compile here: the JDK is not installed")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        *["select de en fr es"] * 3, "construct true", "ask true", "document true", "federated true",
    ]  # fmt: skip


@pytest.mark.skipif(
    not EASYRDF.is_file() or not shutil.which("php"), reason="EasyRdf (Debian: php-easyrdf) is not installed"
)
def test_easyrdf_asks_and_reads(server: Server, tmp_path: Path) -> None:
    """As Skosmos does, whose client it is: short queries by GET, long ones as a form."""
    script = tmp_path / "asks.php"
    script.write_text(PHP % json.dumps(str(EASYRDF)), encoding="utf-8")
    command = ["php", "-d", "error_reporting=E_ALL & ~E_DEPRECATED", str(script), server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert sorted(lines[0].split()) == sorted(lines[1].split()) == ["de", "en", "es", "fr"]
    assert lines[2:] == ["museums", "museums"]


@pytest.mark.skipif(not YASGUI.is_dir(), reason="YASGUI is not installed; docs/linked-data.md says how")
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_yasgui_shows_rows(server: Server, browser: Any, tmp_path: Path) -> None:  # noqa: F811
    """On a page of another site, which asks our endpoint from the browser."""
    for name in ("yasgui.min.js", "yasgui.min.css"):
        shutil.copy(YASGUI / name, tmp_path)
    (tmp_path / "index.html").write_text(PAGE % json.dumps(f"{server.url}/sparql"), encoding="utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        page = browser.new_page()
        try:
            page.goto(f"http://127.0.0.1:{site.server_port}/")
            page.evaluate("query => { yasgui.getTab().setQuery(query); yasgui.getTab().getYasqe().query(); }", NARROWER)
            page.wait_for_selector(".yasr_results table", timeout=30_000)
            assert "museums" in page.inner_text(".yasr_results")
        finally:
            page.close()
            site.shutdown()
