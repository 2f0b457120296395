#!/bin/sh
# --8<-- [start:command]
exec uvicorn app.main:app --host 0.0.0.0 --workers 4 \
  --limit-concurrency 500 --timeout-graceful-shutdown 20
# --8<-- [end:command]
