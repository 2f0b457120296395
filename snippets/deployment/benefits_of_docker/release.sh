#!/bin/sh
# --8<-- [start:commands]
docker build --platform linux/amd64 \
  -t registry.example.com/shop/api:1.4.0 .
docker push registry.example.com/shop/api:1.4.0
docker run -d --name api --restart unless-stopped \
  --log-driver local \
  --stop-timeout 30 -p 127.0.0.1:8000:8000 \
  registry.example.com/shop/api:1.4.0

# another version, here the one before:
# its name and port have to be free first
docker pull registry.example.com/shop/api:1.3.2 &&
  docker stop api
docker rm api
docker run -d --name api --restart unless-stopped \
  --log-driver local \
  --stop-timeout 30 -p 127.0.0.1:8000:8000 \
  registry.example.com/shop/api:1.3.2
# --8<-- [end:commands]
