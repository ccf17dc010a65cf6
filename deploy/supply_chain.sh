#!/bin/sh
# What the image is made of, as files in a folder: the licences, which must be among those of [tool.pip-licenses] in
# pyproject.toml; a CycloneDX list of it (SBOM), valid by its schema; known vulnerabilities, where the index can be asked.
#
#     sh deploy/supply_chain.sh .venv/bin build
set -eu
bin=$(cd "$1" && pwd) lock=deploy/requirements.lock
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."

# shellcheck disable=SC2046
"$bin/pip-licenses" --python "$bin/python" --packages $(sed -n 's/^\([a-z0-9._-]*\)==.*/\1/p' "$lock") \
  --format=json --with-system --with-urls --output-file "$out/licences.json"
"$bin/cyclonedx-py" requirements "$lock" --pyproject pyproject.toml --output-reproducible --validate -o "$out/sbom.cdx.json"

# It ends with 1 for a vulnerability as for an index that does not answer; only the first leaves a report.
rm -f "$out/audit.json"
"$bin/pip-audit" --requirement "$lock" --require-hashes --disable-pip --timeout 10 --progress-spinner off \
  --format json --output "$out/audit.json" 2>"$out/audit.log" && echo "No vulnerability is known of what the image installs." || {
  [ ! -s "$out/audit.json" ] || { cat "$out/audit.log"; exit 1; }
  echo "Vulnerabilities are not checked: the package index could not be asked ($(tail -n 1 "$out/audit.log" | cut -c 1-100))."
}
