# reformwatch as a service: slim, not root, data in a volume.
#   docker build -t reformwatch . && docker run -v reformwatch:/data reformwatch
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/reformwatch \
 && /opt/reformwatch/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE config.example.toml ./
COPY migrations migrations
COPY src src
RUN /opt/reformwatch/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
 && /opt/reformwatch/bin/pip uninstall --yes --quiet hatchling editables pathspec pluggy trove-classifiers

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin reformwatch \
 && install -d -o reformwatch -g reformwatch -m 0700 /data
COPY --from=build /opt/reformwatch /opt/reformwatch
ENV PATH=/opt/reformwatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    REFORMWATCH_DATABASE__URL=sqlite:////data/reformwatch.sqlite \
    REFORMWATCH_WEB__LISTEN=127.0.0.1:8080
USER reformwatch
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=5)"]
ENTRYPOINT ["reformwatch"]
CMD ["run"]
