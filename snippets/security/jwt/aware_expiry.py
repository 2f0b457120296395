from datetime import UTC, datetime, timedelta

import jwt


# --8<-- [start:issue]
def issue(user_id: int, key: str) -> str:
    claims = {
        "sub": str(user_id),
        "exp": datetime.now(UTC) + timedelta(minutes=15),
    }
    return jwt.encode(claims, key, algorithm="HS256")


# --8<-- [end:issue]
