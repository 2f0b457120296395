#!/bin/sh
# --8<-- [start:command]
exec uvicorn service.main:app --app-dir src
# --8<-- [end:command]
