"""What a request costs: processor time and memory of the service and of the proxy, for the sizes in docs/operations.md.

    python -m bench.sizes --data-dir D [--seconds S] [--clients N]

Processor time is that of the servers' processes, so it holds on a machine that others use too; rates do not. The load
comes from wrk (or, without, from bench.serve's own client) at a lower priority. The proxy runs with the project's
configuration, its bounds by address taken away: all requests come from one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from contextlib import ExitStack
from pathlib import Path

import psutil
import pyoxigraph as ox
from rich.console import Console
from rich.table import Table

import queries
from bench.serve import BIN, HERE, _wait, free_port, measure, published, warm

TEMPLATE = HERE.parent / "deploy" / "nginx.conf.template"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
SPARQL = "SELECT ?label {{ <{0}> <http://www.w3.org/2004/02/skos/core#prefLabel> ?label FILTER(LANG(?label) = 'en') }}"


def main() -> None:
    """Start the three, ask each, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder with a published release of full ESCO")
    parser.add_argument("--seconds", type=float, default=8, help="duration of each measurement")
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-sizes-")))
        data_dir, release = published(options.data_dir, work)
        store = ox.Store.read_only(str(release.store))
        iris = [row[0].value for row in queries.select(store, "api/occupations") if row[0] is not None][:300]
        del store
        targets = {
            "list of a domain": ["/api/v1/domains/heritage/occupations"],
            "occupation": [f"/api/v1/occupations/{iri.rpartition('/')[2]}" for iri in iris],
            "small SPARQL query": [f"/sparql?query={urllib.parse.quote(SPARQL.format(iri))}" for iri in iris],
        }
        ours = [BIN / "ccsi", "serve", "--data-dir", data_dir, "--no-starter", "--port"]
        off = {"CCSI_LIMIT_CACHE_BYTES": "0", "CCSI_SPARQL_CACHE_BYTES": "0"}
        servers = {}
        ports = {name: free_port() for name in ("worked out anew", "kept ready", "kept by the proxy")}
        for name, env in (("worked out anew", off), ("kept ready", {})):
            servers[name] = _start(stack, [*ours, ports[name]], env, ports[name], work)
        servers["kept by the proxy"] = _proxy(stack, ports["kept by the proxy"], ports["kept ready"], work)
        os.nice(10)  # what follows, and the load that it starts
        table = Table(title=f"A request, {options.clients} clients", title_justify="left")
        for column in ("request", "answer", "CPU ms", "requests/s", "p99 ms", "memory MiB"):
            table.add_column(column, justify="left" if column in ("request", "answer") else "right")
        for what, paths in targets.items():
            file = work / "paths.txt"
            file.write_text("\n".join(paths) + "\n")
            for name, server in servers.items():
                warm(ports[name], file)
                before = _seconds(server)
                found = measure(ports[name], file, options.clients, options.seconds)
                spent = (_seconds(server) - before) / found["requests"] * 1000
                figures = f"{spent:.2f}", f"{found['rate']:,.0f}", f"{found['p99']:.1f}", f"{_memory(server):,.0f}"
                table.add_row(what, name, *figures)
        Console(width=120).print(table)


def _start(stack: ExitStack, command: list[object], env: dict[str, str], port: int, work: Path) -> psutil.Process:
    log = work / f"{port}.log"
    out = stack.enter_context(log.open("wb"))
    settings = {"CCSI_LOG_FORMAT": "json", "CCSI_LIMIT_SPARQL_PER_CLIENT": "64", **env}
    words = [str(word) for word in command]
    process = subprocess.Popen(words, env={**os.environ, **settings}, stdout=out, stderr=out, cwd=HERE.parent)
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    _wait(process, port, log)
    return psutil.Process(process.pid)


def _proxy(stack: ExitStack, port: int, service: int, work: Path) -> psutil.Process:
    values = {
        "CCSI_PROXY_LISTEN": f"127.0.0.1:{port}", "CCSI_PROXY_SERVICE": f"127.0.0.1:{service}",
        "CCSI_PROXY_FOLDER": str(work), "CCSI_PROXY_RESOLVER": "127.0.0.1", "CCSI_LIMIT_BODY_BYTES": "1000000",
    }  # fmt: skip
    text = re.sub(r"\$\{(CCSI_\w+)\}", lambda found: values[found[1]], TEMPLATE.read_text(encoding="utf-8"))
    (work / "nginx.conf").write_text(re.sub(r"^\s*limit_(req|conn) .*$", "", text, flags=re.MULTILINE))
    if NGINX is None:
        sys.exit("nginx is not installed")
    user = "user root; " if os.geteuid() == 0 else ""
    command = [NGINX, "-c", work / "nginx.conf", "-e", "stderr", "-g", f"{user}daemon off;"]
    return _start(stack, command, {}, port, work)


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    """Processor time that a server and its processes have taken."""
    return sum(time.user + time.system for time in (one.cpu_times() for one in _tree(process)))


def _memory(process: psutil.Process) -> float:
    return sum(one.memory_full_info().pss for one in _tree(process)) / 2**20


if __name__ == "__main__":
    main()
