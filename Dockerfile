# Hearten in a container: three images from one file.
#
#   docker build --target bot -t hearten .                  the conversation, and nothing that it does not need
#   docker build --target keeper -t hearten-keeper .        the same with PostgreSQL's pg_dump, for backups of a server
#   docker build --target analysis -t hearten-analysis .    the research side; never on the bot's host
#
# Mount three folders that outlive the container of the bot, and never the private research key:
#
#   /data     the answers, sealed, and what the conversation needs    (back this up)
#   /keyring  the participants' keys and the bot's own key            (never in the same backup)
#   /config   services.toml, and recipients/ with the public keys     (read-only)
#
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -e HEARTEN_TELEGRAM_TOKEN_FILE=/run/secrets/token -v "$PWD/secrets/token:/run/secrets/token:ro" \
#     -v hearten-data:/data -v hearten-keyring:/keyring -v "$PWD/config:/config:ro" hearten
#
# Folders and secrets belong to user 10001 in there. compose.yaml has all of it together with a PostgreSQL server.
# The base is Debian 13.6; an engine refuses another one than the digest names, and packages are brought up to date on it.
ARG BASE=debian:13.6-slim@sha256:3a39a0592364683e6bab97937b72cad5a8fa6dcbbee90edb3bb48c7f8e94f258

# hadolint ignore=DL3006
FROM ${BASE} AS python
# Debian keeps only the newest version of a package at hand, so a version that is named here would soon not be found.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get -y upgrade \
    && apt-get -y install --no-install-recommends ca-certificates python3 tzdata \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

FROM python AS tools
WORKDIR /build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get -y install --no-install-recommends binutils python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/build && python3 -m venv /opt/hearten
# The build tool is pinned like everything else; it stays in this stage.
COPY requirements-build.lock ./
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY flows flows
COPY storage storage
COPY analysis analysis
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w dist .

FROM tools AS for-bot
COPY requirements-bot.lock ./
# Installed, and then without what only installs, without the room of the researchers, and without symbols for debuggers.
RUN /opt/hearten/bin/pip install --no-cache-dir --require-hashes -r requirements-bot.lock \
    && /opt/hearten/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl \
    && rm -r /opt/hearten/lib/python3.*/site-packages/analysis \
    && /opt/hearten/bin/pip uninstall -y pip \
    && find /opt/hearten/lib -name '*.cpython-*.so' -exec strip --strip-debug {} + \
    && find /opt/hearten/lib \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' \) -delete

FROM tools AS for-analysis
COPY requirements-analysis.lock ./
RUN /opt/hearten/bin/pip install --no-cache-dir --require-hashes -r requirements-analysis.lock \
    && /opt/hearten/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl \
    && rm -r /opt/hearten/lib/python3.*/site-packages/bot \
    && /opt/hearten/bin/pip uninstall -y pip

FROM python AS served
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin hearten \
    && install -d -o hearten -g hearten -m 700 /data /keyring /config
# Four top-level packages with common names: nothing in the working folder may stand in for one of them.
ENV PATH=/opt/hearten/bin:$PATH \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HEARTEN_DATABASE_URL=sqlite+aiosqlite:////data/hearten.db \
    HEARTEN_KEYRING_URL=sqlite+aiosqlite:////keyring/keyring.db \
    HEARTEN_SERVICES=/config/services.toml
USER 10001:10001
WORKDIR /data

# The research side: databases that were restored to /data and /keyring, and the research key in /config, on a machine
# that is not the bot's.
FROM served AS analysis
COPY --from=for-analysis /opt/hearten /opt/hearten
ENV HEARTEN_DESK=/data/desk.db
VOLUME ["/data", "/keyring"]
HEALTHCHECK NONE
CMD ["python", "-m", "analysis", "--help"]

FROM served AS host
COPY --from=for-bot /opt/hearten /opt/hearten
ENV HEARTEN_BOT_KEY=/keyring/bot.key \
    HEARTEN_RECIPIENTS=/config/recipients \
    HEARTEN_STATUS_PORT=9464
VOLUME ["/data", "/keyring"]
STOPSIGNAL SIGTERM

# One job and then it ends: backup, doctor, verify, purge. It has no door to look at.
FROM host AS keeper
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get -y install --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "-m", "storage", "doctor"]

FROM host AS bot
# Whether the program answers at all. A bot that has stopped ends the container by itself.
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/healthz', timeout=5)"]
CMD ["python", "-m", "bot", "run"]
