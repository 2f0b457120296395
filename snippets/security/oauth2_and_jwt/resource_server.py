# --8<-- [start:program]
import time
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2AuthorizationCodeBearer

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"

app = FastAPI(
    swagger_ui_init_oauth={
        "clientId": "api-docs",
        "usePkceWithAuthorizationCodeGrant": True,
    }
)
oauth2_scheme = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{ISSUER}/authorize", tokenUrl=f"{ISSUER}/token"
)


NO_KEYS = jwt.PyJWKClientError, jwt.PyJWKSetError


class ProviderKeys(jwt.PyJWKClient):
    """Tell a provider that fails, a 503, from a key that it does not have, a 401."""

    pause = 0.0  # until then a provider that failed is not asked again

    def fetch_data(self) -> Any:
        if time.monotonic() < self.pause:
            raise jwt.PyJWKClientConnectionError("It failed a moment ago")
        self.pause = time.monotonic() + 15
        keys = super().fetch_data()
        self.pause = 0.0
        return keys

    def get_signing_keys(self, refresh: bool = False) -> list[jwt.PyJWK]:
        try:
            return super().get_signing_keys(refresh)
        except (*NO_KEYS, OSError, ValueError, RecursionError):
            raise HTTPException(503, "No keys from the identity provider") from None


jwks = ProviderKeys(f"{ISSUER}/jwks.json", timeout=5)  # one, with its cache


def verify(token: str) -> dict[str, Any]:
    decoded = jwt.decode_complete(
        token,
        jwks.get_signing_key_from_jwt(token),
        algorithms=["RS256", "ES256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=30,  # seconds; the clocks of two machines differ
        options={"require": ["exp", "iat", "sub"]},
    )
    kind = str(decoded["header"].get("typ")).lower().removeprefix("application/")
    if kind != "at+jwt":
        raise jwt.InvalidTokenError("Not an access token")
    return dict(decoded["payload"])


def get_claims(token: Annotated[str, Depends(oauth2_scheme)]) -> dict[str, Any]:
    try:
        return verify(token)
    except (jwt.InvalidTokenError, jwt.PyJWKClientError):
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge) from None


@app.get("/me")
async def me(claims: Annotated[dict[str, Any], Depends(get_claims)]) -> dict[str, str]:
    return {"user": claims["sub"]}


# --8<-- [end:program]
