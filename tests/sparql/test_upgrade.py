"""Clients that ask for HTTP/2 with a request of HTTP/1.1 (`Upgrade: h2c`) are answered as if they had not asked."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.sparql.test_connection import said
from tools.endpoint import Endpoint

UPGRADE = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
FORM = b"content-type: application/x-www-form-urlencoded\r\n"
BODY = b"query=ASK%7B%7D"
POST = b"POST /sparql HTTP/1.1\r\nhost: x\r\n"
CLOSE = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"

JAVA = """
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

public class Asks {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();  // HTTP/2 where the server speaks it
        for (int n = 0; n < 3; n++) {
            var request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("Content-Type", "application/sparql-query").header("Accept", "text/csv")
                .POST(BodyPublishers.ofString("SELECT (" + n + " + 1 AS ?n) {}")).build();
            var answer = client.send(request, BodyHandlers.ofString());
            System.out.print(answer.statusCode() + " " + answer.version() + " " + answer.body().strip().replace("\\r\\n", "=") + ";");
        }
    }
}
"""


@pytest.mark.parametrize("cut", [0, 1, 60, -1], ids=["whole", "byte by byte", "in the head", "before the body"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_the_body_is_read(target: Endpoint, cut: int, chunked: bool) -> None:
    framing = b"transfer-encoding: chunked\r\n\r\n" if chunked else b"content-length: %d\r\n\r\n" % len(BODY)
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY) if chunked else BODY
    head = POST + UPGRADE + FORM + framing
    whole = head + body + CLOSE  # and the connection can be used on
    cut = len(head) if cut == -1 else cut
    pieces = (
        [whole] if not cut else [whole[:cut], whole[cut:]] if cut > 1 else [whole[n : n + 1] for n in range(len(whole))]
    )
    with socket.create_connection((target.host, target.port), timeout=20) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            raw.sendall(piece)
        answer = said(raw)
    assert answer.count(b"HTTP/1.1 200 OK") == 2, answer
    assert answer.count(b'"boolean":true') == 2


def test_a_request_without_a_body_and_another_behind_it(target: Endpoint) -> None:
    get = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nhost: x\r\n" + UPGRADE + b"\r\n"
    with socket.create_connection((target.host, target.port), timeout=20) as raw:
        raw.sendall(get + get + POST + UPGRADE + FORM + b"content-length: %d\r\n\r\n" % len(BODY) + BODY + CLOSE)
        assert said(raw).count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize(
    "framing", [b"content-length: 3\r\ntransfer-encoding: chunked\r\n", b"content-length: 1\r\ncontent-length: 2\r\n"]
)
def test_what_can_be_framed_in_two_ways_is_refused(target: Endpoint, framing: bytes) -> None:
    with socket.create_connection((target.host, target.port), timeout=20) as raw:
        raw.sendall(POST + UPGRADE + FORM + framing + b"\r\n" + BODY + CLOSE)
        answer = said(raw)
    assert b"HTTP/1.1 200" not in answer
    assert answer.startswith(b"HTTP/1.1 400")


def test_nothing_is_read_behind_connect(target: Endpoint) -> None:
    with socket.create_connection((target.host, target.port), timeout=20) as raw:
        raw.sendall(b"CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n" + CLOSE)
        assert b"HTTP/1.1 200" not in said(raw)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(target: Endpoint) -> None:
    command = [
        "curl",
        "-s",
        "--http2",
        target.url,
        "-H",
        "Accept: text/csv",
        "--data-urlencode",
        "query=SELECT (1+1 AS ?n) {}",
    ]
    assert subprocess.run(command, capture_output=True, check=True, timeout=30).stdout == b"n\r\n2\r\n"


@pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed")
def test_java(target: Endpoint, tmp_path: Path) -> None:
    source = tmp_path / "Asks.java"
    source.write_text(JAVA)
    done = subprocess.run(["java", str(source), target.url], capture_output=True, text=True, timeout=120)
    if "jdk.compiler" in done.stderr:
        pytest.skip("java cannot compile here: the JDK is not installed")
    assert done.stdout == "200 HTTP_1_1 n=1;200 HTTP_1_1 n=2;200 HTTP_1_1 n=3;", done.stderr
