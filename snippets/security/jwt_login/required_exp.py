from datetime import UTC, datetime, timedelta
from typing import Any

import jwt


# --8<-- [start:token]
def issue(user_id: int, key: str) -> str:
    exp = datetime.now(UTC) + timedelta(minutes=15)
    claims = {"sub": str(user_id), "exp": exp}
    return jwt.encode(claims, key, "HS256")


def read(token: str, key: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        ["HS256"],
        options={"require": ["exp", "sub"]},
    )


# --8<-- [end:token]
