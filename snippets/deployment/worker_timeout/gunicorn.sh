#!/bin/sh
# --8<-- [start:command]
gunicorn main:app -k uvicorn_worker.UvicornWorker --workers 4
# --8<-- [end:command]
