# The image of a Beam worker: the SDK's own, with this package and what opens more kinds of files.
# libmagic comes with the package pylibmagic. bsdtar unpacks rar.
FROM apache/beam_python3.11_sdk:2.77.0

# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libarchive-tools \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/leak-triage
COPY pyproject.toml setup.py ./
COPY pipeline pipeline
COPY transforms transforms
# The directory is this package, with its bounds in setup.py.
# hadolint ignore=DL3013
RUN pip install --no-cache-dir '.[archives,pdf,pst]'
