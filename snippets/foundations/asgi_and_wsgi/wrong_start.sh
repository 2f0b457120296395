#!/bin/sh
# --8<-- [start:command]
exec gunicorn main:app \
  --bind "0.0.0.0:${PORT:-8000}"
# --8<-- [end:command]
