from datetime import UTC, datetime, timedelta

import jwt
from pydantic import BaseModel


class User(BaseModel):
    id: int
    email: str
    password_hash: str


# --8<-- [start:issue]
def issue(user: User, key: str) -> str:
    claims = user.model_dump(mode="json")
    claims["sub"] = str(user.id)
    claims["exp"] = datetime.now(UTC) + timedelta(minutes=15)
    return jwt.encode(claims, key, algorithm="HS256")


# --8<-- [end:issue]
