#!/bin/sh
# --8<-- [start:command]
uvicorn service.main:app --app-dir src
# --8<-- [end:command]
