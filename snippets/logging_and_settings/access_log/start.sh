#!/bin/sh
# --8<-- [start:command]
uvicorn main:app --log-config log.yaml
# --8<-- [end:command]
