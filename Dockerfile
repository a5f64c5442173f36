# The image of the API, the sweep and the dashboard. It holds igraph, so it is conveyed under GPL-3 (see NOTICE).

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/ringsight
ENV PATH=/opt/ringsight/bin:$PATH
WORKDIR /app
COPY requirements/ requirements/
RUN pip install --require-hashes --no-deps -r requirements/runtime.txt -r requirements/build.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY graph/ graph/
COPY ingest/ ingest/
COPY detectors/ detectors/
COPY casework/ casework/
COPY api/ api/
COPY dashboard/ dashboard/
RUN pip install --no-build-isolation --no-deps -e . && python -m compileall -q /app

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Ringsight" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
RUN groupadd --gid 10001 ringsight \
 && useradd --uid 10001 --gid ringsight --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ringsight \
 && install -d -o ringsight -g ringsight -m 0700 /var/lib/ringsight
COPY --from=build /opt/ringsight /opt/ringsight
COPY --from=build /app /app
ENV PATH=/opt/ringsight/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    MPLCONFIGDIR=/tmp/matplotlib \
    RINGSIGHT_HOME=/var/lib/ringsight
WORKDIR /app
USER ringsight
VOLUME /var/lib/ringsight
EXPOSE 8000
CMD ["ringsight", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-dashboard"]
