"""Every setting of the service, each with its default and meaning; docs/operations.md lists them all (a test checks)."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, HttpUrl, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ENDPOINT = re.compile(
    r"https?://(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:[/?][A-Za-z0-9._~!$&'()*+;=:@/?%\-]*)?"
)
_ISSUER = re.compile(
    r"(https://[A-Za-z0-9.\-]+|http://(?:127\.0\.0\.1|localhost|\[::1\]))(?::\d{1,5})?(?:/[A-Za-z0-9._~%/\-]*)?"
)


class Settings(BaseSettings):
    """Read from the environment (prefix ``CCSI_``) or a ``.env`` file."""

    model_config = SettingsConfigDict(env_prefix="CCSI_", env_file=".env", extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of the releases.")
    all_of_esco: bool = Field(
        True,
        description="Load the bundled facts of all of ESCO beside a service that has nothing but the bundled sample.",
    )
    host: str = Field("127.0.0.1", description="Address to serve on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to serve on.")
    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve; they share one release in memory. More than one needs Linux."
    )
    public_url: str = Field(
        "", description="Base URL under which clients see the service; empty: taken from the request."
    )
    publisher: str = Field(
        "",
        description="Who runs the service, named as publisher of its catalogue in /.well-known/void; empty: its nameless operator.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses, networks, with commas; empty: none.",
    )
    client_salt: str = Field(
        "", description="Secret that makes a client's name in the log from its address; empty: another at each start."
    )
    log_format: str = Field(
        "auto", pattern="^(auto|json|console)$", description="json, console, or auto (console on a terminal)."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level to log.")
    switch_interval: float = Field(1.0, gt=0, le=60, description="Seconds between looks for a newly published release.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port to serve /metrics for Prometheus on; 0: none, and nothing is counted."
    )
    metrics_host: str = Field("127.0.0.1", description="Address of that port.")
    metrics_public: bool = Field(
        False, description="Answer /metrics also on the port of the API, to whoever reaches it."
    )
    traces: str = Field(
        "",
        description="OTLP/HTTP address of a collector that takes traces, such as http://127.0.0.1:4318/v1/traces; empty: none.",
    )
    shutdown_seconds: int = Field(10, ge=0, le=300, description="Seconds that running requests get to end at shutdown.")
    sparql_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+[^\s#]*)?$",
        description="SPARQL 1.1 query endpoint that holds the release, in place of the store in the data folder; empty: none.",
    )
    sparql_endpoint_union: bool = Field(
        False,
        description="Whether that endpoint's default graph is the union of exactly the release's graphs; if not, queries name them.",
    )
    sparql_endpoint_seconds: float = Field(
        60, gt=0, le=3600, description="Longest wait for that endpoint's answer to one of the service's own queries."
    )
    sparql_endpoint_probe: str = Field(
        "",
        pattern=r"^(http://[^\s/?#<>\"{}|^`\\]+/?)?$",
        description="URL with a free port of this machine that the endpoint is made to contact at start: if it does, SPARQL is off.",
    )
    sparql_services: str = Field(
        "",
        description="URLs of the SPARQL endpoints that SERVICE may name, in full, with commas; empty: none, SERVICE is refused.",
    )
    sparql_workers: int = Field(
        4, ge=1, le=64, description="Processes that evaluate SPARQL queries; one client never holds all."
    )
    sparql_unconfined: bool = Field(
        False,
        description="Offer SPARQL also where the kernel filter against network access is not known to work (not Linux/x86-64).",
    )
    sparql_max_age: int = Field(
        60, ge=0, description="Seconds that caches may keep a SPARQL answer before they ask again."
    )
    sparql_cache_bytes: int = Field(
        16 * 1024 * 1024, ge=0, description="Memory for ready SPARQL answers, in bytes; 0 turns it off."
    )
    heavy_processes: int = Field(
        2,
        ge=0,
        le=64,
        description="Processes that make heavy answers (pictures, documents, long lists) at once; 0: those of more than 20 ms are refused.",
    )
    heavy_start_after: float = Field(
        2, ge=0, le=86_400, description="Seconds that a service has the processors for itself before the server of heavy answers is "
        "started; one that is asked for starts it at once.",
    )  # fmt: skip

    workshop: bool = Field(
        False,
        description="Offer the workshop at /workshop: experts join, judge and decide. Off on a service that only reads.",
    )
    workshop_database: str = Field(
        "",
        description="Database of the workshop: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; empty: a file in the data folder.",
    )

    workshop_oidc_issuer: str = Field(
        "",
        description="Issuer (OpenID Connect) at which facilitators of the workshop may sign in, an https URL; empty: by link alone.",
    )
    workshop_oidc_client_id: str = Field("", description="What that issuer calls this service.")
    workshop_oidc_secret_file: str = Field(
        "", description="File with the secret that it gave to this service; empty for a public client."
    )
    workshop_oidc_facilitators: str = Field(
        "",
        description="Who may lead workshops: subjects of that issuer, or e-mail addresses that it verified, with commas; empty: nobody.",
    )

    @property
    def services(self) -> tuple[str, ...]:
        """The endpoints that SERVICE may name."""
        return tuple(filter(None, map(str.strip, self.sparql_services.split(","))))

    @field_validator("sparql_services")
    @classmethod
    def _are_endpoints(cls, value: str) -> str:
        """Refuse what could not be asked, or not be written in a query."""
        for part in filter(None, map(str.strip, value.split(","))):
            if not _ENDPOINT.fullmatch(part):
                raise ValueError(f"{part} is not the http or https URL of an endpoint")
            HttpUrl(part)  # refuses ports and addresses that there cannot be
        return value

    @field_validator("traces")
    @classmethod
    def _is_collector(cls, value: str) -> str:
        """Refuse what could not be asked."""
        if value and not _ENDPOINT.fullmatch(value):
            raise ValueError(f"{value} is not the http or https URL of a collector")
        return value

    @field_validator("workshop_oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        """Refuse what could be read on its way: http is for this machine alone."""
        if value and not _ISSUER.fullmatch(value):
            raise ValueError(f"{value} is not the https URL of an issuer")
        return value

    @model_validator(mode="after")
    def _is_known_to_the_issuer(self) -> Settings:
        """The issuer sends people back to one address that it knows, never to one that a request names."""
        if self.workshop_oidc_issuer and not (self.workshop_oidc_client_id and self.public_url):
            raise ValueError("sign-in at an issuer needs CCSI_WORKSHOP_OIDC_CLIENT_ID and CCSI_PUBLIC_URL")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        """Refuse what is no address: uvicorn never trusts a name, and with `*` every client would choose who it is."""
        for part in filter(None, value.replace(" ", "").split(",")):
            ip_network(part)
        return value


class Limits(BaseSettings):
    """The published limits: shown at /api/v1/limits with name, value, default and meaning."""

    model_config = SettingsConfigDict(env_prefix="CCSI_LIMIT_", env_file=".env", extra="ignore")

    rows: int = Field(500, ge=1, le=5000, description="Most items of one page of a list (parameter limit).")
    rows_default: int = Field(50, ge=1, le=5000, description="Items of a page when limit is not given.")
    offset: int = Field(100_000, ge=0, description="Largest offset of a list.")
    query_text: int = Field(200, ge=1, description="Longest text of a q filter, in characters.")
    url_length: int = Field(8192, ge=256, description="Longest request target, in bytes.")
    body_bytes: int = Field(1_000_000, ge=1024, description="Largest request body, in bytes.")
    # Holds what is most asked for: every occupation of ESCO, not packed, takes 82 MiB in one language.
    cache_bytes: int = Field(
        88 * 1024 * 1024, ge=0, description="Memory for ready answers of the served release, in bytes; 0 turns it off."
    )
    connections: int = Field(
        4096, ge=16, description="Connections of all clients; beyond it whoever has most gives one up."
    )
    client_connections: int = Field(
        1024, ge=1, description="Connections of one client; those of CCSI_TRUSTED_PROXIES have no such bound."
    )
    client_requests: float = Field(
        1000, ge=0, description="Requests a second that one client may send on average; 0 turns this off."
    )
    client_burst: int = Field(60_000, ge=1, description="Requests that one client may have saved up.")
    client_dumps: int = Field(16, ge=1, description="Downloads that one client may read at once.")
    held_bytes: int = Field(
        256 * 1024 * 1024,
        ge=1024 * 1024,
        description="Bytes of answers that wait for slow clients; beyond it the slowest are cut off.",
    )
    send_seconds: float = Field(
        20, gt=0, le=600, description="Seconds after which a client that takes too little of its answer is cut off."
    )
    send_rate: int = Field(
        1024, ge=1, description="Bytes a second that a client must take of its answer, on average of send_seconds."
    )
    links: int = Field(
        250,
        ge=10,
        le=5000,
        description="Most links of one property in a description; the others follow on pages of their own.",
    )
    languages_in_memory: int = Field(
        4, ge=1, le=64, description="Languages beside English whose labels are kept in memory at once."
    )
    parts_bytes: int = Field(
        67_108_864, ge=0, description="Memory for parts that answers share, of all languages together, in bytes."
    )
    profile_anchors: int = Field(20, ge=1, le=200, description="Most anchors of a composed profile.")
    profile_changes: int = Field(
        100, ge=0, le=1000, description="Most skills to add, and most to drop, in a composed profile."
    )
    compare_targets: int = Field(
        100, ge=1, le=1000, description="Most targets that a comparison may name; whole domains count as one."
    )
    compare_skills: int = Field(1000, ge=1, le=10_000, description="Most skills of a list that is compared.")
    compose_bytes: int = Field(65_536, ge=1024, description="Largest body of a request to compose a profile, in bytes.")
    compare_bytes: int = Field(262_144, ge=1024, description="Largest body of a request to compare, in bytes.")
    match_titles: int = Field(100, ge=1, le=1000, description="Most job titles of one request to match.")
    match_texts: int = Field(10, ge=1, le=100, description="Most texts of vacancies or CVs of one request to match.")
    match_bytes: int = Field(262_144, ge=1024, description="Largest body of a request to match, in bytes.")
    lookup_codes: int = Field(500, ge=1, le=2000, description="Most codes and identifiers of one request to look up.")
    lookup_bytes: int = Field(262_144, ge=1024, description="Largest body of a request to look up, in bytes.")
    heavy_cost: float = Field(
        1000,
        ge=20,
        description="Most that one answer may cost by its rows and format, in the milliseconds that they take on a machine of 2024.",
    )
    heavy_seconds: float = Field(20, gt=0, le=600, description="Longest making of a heavy answer, in seconds.")
    heavy_memory: int = Field(
        512 * 1024 * 1024,
        ge=64 * 1024 * 1024,
        description="Memory that the making of one heavy answer may take, in bytes.",
    )
    heavy_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="Largest heavy answer, in bytes.")
    heavy_per_client: int = Field(
        8, ge=1, description="Heavy answers that one client may have under way, waiting ones included."
    )
    heavy_queue: int = Field(
        32, ge=0, description="Heavy answers that may wait for their turn, of all clients together."
    )
    heavy_wait: float = Field(5, gt=0, le=600, description="Longest wait of a heavy answer for its turn, in seconds.")
    sparql_seconds: float = Field(10, gt=0, le=600, description="Longest evaluation of a SPARQL query, in seconds.")
    sparql_rows: int = Field(250_000, ge=1, description="Most rows, or triples, of a SPARQL answer.")
    sparql_bytes: int = Field(64 * 1024 * 1024, ge=1024, description="Largest SPARQL answer, in bytes.")
    sparql_memory: int = Field(
        112 * 1024 * 1024,
        ge=64 * 1024 * 1024,
        description="Memory that the evaluation of one SPARQL query may take, in bytes.",
    )
    sparql_text: int = Field(
        65_536, ge=256, le=65_536, description="Longest text of a SPARQL query, in bytes of UTF-8."
    )
    sparql_nesting: int = Field(
        100, ge=1, le=500, description="Most brackets and negations inside each other in a SPARQL query."
    )
    sparql_operators: int = Field(
        500,
        ge=1,
        description="Most operators in a SPARQL query: UNION, OPTIONAL, MINUS, EXISTS, FILTER, BIND, GRAPH, AS, ||, && and arithmetic.",
    )
    sparql_patterns: int = Field(
        200, ge=1, description="Most triple patterns, groups and members of lists in the patterns of a SPARQL query."
    )
    sparql_values: int = Field(5000, ge=1, description="Most terms in the VALUES of a SPARQL query.")
    sparql_graphs: int = Field(100, ge=1, description="Most graph parameters of a SPARQL request.")
    sparql_per_client: int = Field(
        16,
        ge=1,
        description="SPARQL queries of one client that may be evaluated or sent at once; more wait for their turn.",
    )
    sparql_queue: int = Field(
        64,
        ge=0,
        description="SPARQL queries that may wait for their turn; beyond it the client with most loses its newest.",
    )
    sparql_wait: float = Field(5, gt=0, le=600, description="Longest wait of a SPARQL query for its turn, in seconds.")
    sparql_send_seconds: float = Field(
        30,
        gt=0,
        le=600,
        description="Longest that a client may take to send a SPARQL query, or to accept the next part of its answer, in seconds.",
    )
    sparql_send_rate: int = Field(
        32_768,
        ge=1,
        description="Least rate at which a long SPARQL answer must be accepted, after those seconds, in bytes a second.",
    )
    sparql_spool_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=1024,
        description="Room for files of SPARQL answers that are long or slowly read, in bytes; none takes more than stays free.",
    )
    workshop_bytes: int = Field(65_536, ge=4096, description="Largest form or body sent to the workshop, in bytes.")
    workshop_rate: int = Field(
        120, ge=1, description="Forms a minute that one session of the workshop may send; as many may be saved up."
    )
    workshop_reports: int = Field(
        6, ge=0, description="Reports an hour from one guest of the public pages; ten times as many from one address."
    )
    workshop_queue: int = Field(
        256, ge=1, description="Requests that may wait for the workshop's database, in one process."
    )
    workshop_listeners: int = Field(
        400,
        ge=0,
        description="Pages that may listen to what happens in the workshop, in one process; more look by themselves.",
    )


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()


@lru_cache
def get_limits() -> Limits:
    """The limits of this process."""
    return Limits()
