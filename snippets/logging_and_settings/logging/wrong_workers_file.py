from typing import Any

# --8<-- [start:handler]
# started with: uvicorn main:app --workers 4
HANDLERS: dict[str, Any] = {
    "file": {
        "class": "logging.handlers.RotatingFileHandler",
        "filename": "app.log",
        "maxBytes": 10_000_000,
        "backupCount": 5,
    },
}
# --8<-- [end:handler]
