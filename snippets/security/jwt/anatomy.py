import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt


# --8<-- [start:issue]
def issue(user_id: int, key: str) -> str:
    now = datetime.now(UTC)
    claims = {
        "iss": "https://login.example.com",
        "aud": "https://api.example.com",
        "sub": str(user_id),
        "iat": now,
        "exp": now + timedelta(minutes=15),
    }
    return jwt.encode(claims, key, algorithm="HS256")


# --8<-- [end:issue]


# --8<-- [start:read]
def read_without_key(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, payload, signature = (
        base64.urlsafe_b64decode(part + "==") for part in token.split(".")
    )
    return json.loads(header), json.loads(payload), signature


# --8<-- [end:read]
