# --8<-- [start:read]
import base64
import json
from typing import Any


def read_without_key(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, payload, signature = (
        base64.urlsafe_b64decode(part + "==") for part in token.split(".")
    )
    return json.loads(header), json.loads(payload), signature


# --8<-- [end:read]
