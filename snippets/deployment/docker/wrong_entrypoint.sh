#!/bin/sh
# --8<-- [start:script]
set -eu
: "${DATABASE_URL:?is not set}"
"$@"
# --8<-- [end:script]
