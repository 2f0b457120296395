#!/bin/sh
# --8<-- [start:command]
exec uvicorn app.main:app --workers 4 \
  --limit-max-requests 10000 --limit-max-requests-jitter 1000
# --8<-- [end:command]
