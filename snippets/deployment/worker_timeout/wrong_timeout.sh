#!/bin/sh
# --8<-- [start:command]
gunicorn main:app -k uvicorn_worker.UvicornWorker --timeout 0
# --8<-- [end:command]
