#!/bin/sh
# --8<-- [start:command]
exec uvicorn app.main:app --host 0.0.0.0 --port 8000 \
  --forwarded-allow-ips nginx
# --8<-- [end:command]
