"""Every setting of the service, each with its default and meaning; docs/operations.md lists them all (a test checks)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment (prefix ``CCSI_``) or a ``.env`` file."""

    model_config = SettingsConfigDict(env_prefix="CCSI_", env_file=".env", extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of the releases.")
    host: str = Field("127.0.0.1", description="Address to serve on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to serve on.")
    public_url: str = Field(
        "", description="Base URL under which clients see the service; empty: taken from the request."
    )
    log_format: str = Field(
        "auto", pattern="^(auto|json|console)$", description="json, console, or auto (console on a terminal)."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level to log.")
    switch_interval: float = Field(1.0, gt=0, le=60, description="Seconds between looks for a newly published release.")
    shutdown_seconds: int = Field(10, ge=0, le=300, description="Seconds that running requests get to end at shutdown.")


class Limits(BaseSettings):
    """The published limits: shown at /api/v1/limits with name, value, default and meaning."""

    model_config = SettingsConfigDict(env_prefix="CCSI_LIMIT_", env_file=".env", extra="ignore")

    rows: int = Field(500, ge=1, le=5000, description="Most items of one page of a list (parameter limit).")
    rows_default: int = Field(50, ge=1, le=5000, description="Items of a page when limit is not given.")
    offset: int = Field(100_000, ge=0, description="Largest offset of a list.")
    query_text: int = Field(200, ge=1, description="Longest text of a q filter, in characters.")
    url_length: int = Field(8192, ge=256, description="Longest request target, in bytes.")
    body_bytes: int = Field(1_000_000, ge=1024, description="Largest request body, in bytes.")
    cache_bytes: int = Field(
        64 * 1024 * 1024, ge=0, description="Memory for ready answers of the served release, in bytes; 0 turns it off."
    )
    languages_in_memory: int = Field(4, ge=1, le=64, description="Languages whose labels are kept in memory at once.")


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()


@lru_cache
def get_limits() -> Limits:
    """The limits of this process."""
    return Limits()
