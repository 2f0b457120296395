from typing import Any

import jwt


# --8<-- [start:token]
def issue(user_id: int, key: str) -> str:
    claims = {"sub": str(user_id)}
    return jwt.encode(claims, key, "HS256")


def read(token: str, key: str) -> dict[str, Any]:
    return jwt.decode(token, key, ["HS256"])


# --8<-- [end:token]
