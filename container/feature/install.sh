#!/bin/sh
# Installs wasideps from PyPI into an environment of its own, as root on Debian or Ubuntu. Options come as $VERSION and $LIBRARIES.
set -eu

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv
    rm -rf /var/lib/apt/lists/*
fi
python3 -m venv /opt/wasideps
/opt/wasideps/bin/python3 -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --no-deps "wasideps${VERSION:+==$VERSION}"
ln -sf /opt/wasideps/bin/wasideps /usr/local/bin/wasideps
wasideps --version

if [ -n "${LIBRARIES:-}" ]; then
    # Words, but nothing in them is expanded.
    set -f
    # shellcheck disable=SC2086
    wasideps build $LIBRARIES --prefix /opt/wasi --store /tmp/wasideps-store
    rm -rf /tmp/wasideps-store
fi
