#!/bin/sh
# --8<-- [start:command]
exec uvicorn app.main:app --host 0.0.0.0 --root-path /api
# --8<-- [end:command]
