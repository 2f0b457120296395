#!/bin/sh
# --8<-- [start:command]
exec uvicorn main:app \
  --host 0.0.0.0 --port "${PORT:-8000}"
# --8<-- [end:command]
