#!/bin/sh
# --8<-- [start:variables]
export FASTAPI_OTEL_AUTO_CONFIGURE=true
export OTEL_SERVICE_NAME=shop
export OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318
export OTEL_EXPORTER_OTLP_TIMEOUT=2 # each export; the stop waits for several
exec uvicorn app.main:app
# --8<-- [end:variables]
