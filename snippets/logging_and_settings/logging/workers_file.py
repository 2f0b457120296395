from typing import Any

# --8<-- [start:handler]
HANDLERS: dict[str, Any] = {
    "file": {
        "class": "logging.handlers.WatchedFileHandler",
        "filename": "app.log",
        "encoding": "utf-8",
    },
}
# --8<-- [end:handler]
