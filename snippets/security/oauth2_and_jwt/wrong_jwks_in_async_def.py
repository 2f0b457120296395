from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI
from fastapi.security import OAuth2AuthorizationCodeBearer

app = FastAPI()
ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
oauth2_scheme = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{ISSUER}/authorize", tokenUrl=f"{ISSUER}/token"
)


# --8<-- [start:dependency]
async def get_claims(token: Annotated[str, Depends(oauth2_scheme)]) -> dict[str, Any]:
    jwks = jwt.PyJWKClient(f"{ISSUER}/jwks.json")
    return jwt.decode(
        token,
        jwks.get_signing_key_from_jwt(token),
        algorithms=["RS256", "ES256"],
        audience=AUDIENCE,
        issuer=ISSUER,
    )


# --8<-- [end:dependency]


@app.get("/me")
async def me(claims: Annotated[dict[str, Any], Depends(get_claims)]) -> dict[str, str]:
    return {"user": claims["sub"]}
