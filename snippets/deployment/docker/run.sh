#!/bin/sh
# --8<-- [start:commands]
docker build -t api .
docker run --rm -p 8000:8000 api
# --8<-- [end:commands]
