#!/bin/sh
# --8<-- [start:lock]
uv export --no-dev --no-emit-project --output-file requirements.txt
# --8<-- [end:lock]
