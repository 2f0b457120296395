#!/bin/sh
# --8<-- [start:command]
exec uvicorn app.main:app --host 0.0.0.0 --port 8000 \
  --forwarded-allow-ips 10.0.1.0/24 \
  --root-path /api --timeout-keep-alive 95
# --8<-- [end:command]
