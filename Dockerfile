# The bot in a container. Mount three folders that outlive it, and never the private research key:
#
#   /data     the answers, sealed, and what the conversation needs    (back this up)
#   /keyring  the participants' keys and the bot's own key            (never in the same backup)
#   /config   services.toml, and recipients/ with the public keys     (read-only)
#
#   docker build -t hearten .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --env-file .env \
#     -v hearten-data:/data -v hearten-keyring:/keyring -v "$PWD/config:/config:ro" hearten
#
# .env holds HEARTEN_TELEGRAM_TOKEN; paths are set below. The other rooms are there too: `docker run ... hearten python -m storage verify`.

ARG BASE=python:3.11.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN python -m venv /opt/hearten
COPY requirements.lock ./
RUN /opt/hearten/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
# The build tool is pinned like everything else; it stays in this stage.
COPY requirements-build.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY flows flows
COPY storage storage
COPY analysis analysis
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation -w dist . \
    && /opt/hearten/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl \
    && /opt/hearten/bin/pip uninstall -y setuptools pip

FROM ${BASE}
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin hearten \
    && install -d -o hearten -g hearten -m 700 /data /keyring /config
COPY --from=build /opt/hearten /opt/hearten
# Four top-level packages with common names: nothing in the working folder may stand in for one of them.
ENV PATH=/opt/hearten/bin:$PATH \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HEARTEN_DATABASE_URL=sqlite+aiosqlite:////data/hearten.db \
    HEARTEN_KEYRING_URL=sqlite+aiosqlite:////keyring/keyring.db \
    HEARTEN_BOT_KEY=/keyring/bot.key \
    HEARTEN_RECIPIENTS=/config/recipients \
    HEARTEN_SERVICES=/config/services.toml
USER hearten
WORKDIR /data
VOLUME ["/data", "/keyring"]
# Whether the answers' database is there and can be read. A bot that has stopped ends the container by itself.
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import sqlite3; sqlite3.connect('file:/data/hearten.db?mode=ro', uri=True).execute('SELECT count(*) FROM outbox')"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot", "run"]
