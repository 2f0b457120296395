#!/bin/sh
# --8<-- [start:commands]
set -e
docker build -t registry.example.com/api:2026-11-24 .
docker push registry.example.com/api:2026-11-24
kubectl apply -f migration.yaml
kubectl wait --for=condition=complete --timeout=10m \
  job/migrate-2026-11-24
kubectl apply -f deployment.yaml -f ingress.yaml -f scaling.yaml
kubectl rollout status deployment/api --timeout=10m
# --8<-- [end:commands]
