import secrets

import jwt


# --8<-- [start:size]
def token_size(permissions: int) -> int:
    claims = {
        "sub": "42",
        "exp": 1_800_000_000,
        "permissions": [f"project-{number:03}:write" for number in range(permissions)],
    }
    return len(jwt.encode(claims, secrets.token_bytes(32), algorithm="HS256"))


# --8<-- [end:size]
