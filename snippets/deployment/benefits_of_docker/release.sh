#!/bin/sh
# --8<-- [start:commands]
docker build --platform linux/amd64 \
  -t registry.example.com/shop/api:1.4.0 .
docker push registry.example.com/shop/api:1.4.0
docker run -p 8000:8000 registry.example.com/shop/api:1.4.0
# going back: the same with the tag of the version before
docker run -p 8000:8000 registry.example.com/shop/api:1.3.2
# --8<-- [end:commands]
