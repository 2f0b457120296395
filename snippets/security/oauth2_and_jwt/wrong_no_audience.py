from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2AuthorizationCodeBearer

app = FastAPI()
ISSUER = "https://login.example.com"
jwks = jwt.PyJWKClient(f"{ISSUER}/jwks.json", timeout=5)
oauth2_scheme = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{ISSUER}/authorize", tokenUrl=f"{ISSUER}/token"
)


# --8<-- [start:verify]
def verify(token: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        jwks.get_signing_key_from_jwt(token),
        algorithms=["RS256", "ES256"],
        options={"verify_aud": False},  # "Invalid audience" went away
    )


# --8<-- [end:verify]


def get_claims(token: Annotated[str, Depends(oauth2_scheme)]) -> dict[str, Any]:
    try:
        return verify(token)
    except (jwt.InvalidTokenError, jwt.PyJWKClientError):
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge) from None


@app.get("/me")
async def me(claims: Annotated[dict[str, Any], Depends(get_claims)]) -> dict[str, str]:
    return {"user": claims["sub"]}
