#!/bin/sh
# --8<-- [start:commands]
docker build -t api .
docker run --rm --stop-timeout 30 \
  -p 127.0.0.1:8000:8000 api
# --8<-- [end:commands]
