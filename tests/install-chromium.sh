#!/bin/sh
# Debian's chromium, unless the machine has one.
command -v chromium >/dev/null && exit 0
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
