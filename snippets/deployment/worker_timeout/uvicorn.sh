#!/bin/sh
# --8<-- [start:command]
uvicorn main:app --workers 4
# --8<-- [end:command]
