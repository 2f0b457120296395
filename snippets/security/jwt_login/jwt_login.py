import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Response, Security
from fastapi.security import (
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    SecurityScopes,
)
from pwdlib import PasswordHash
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


# --8<-- [start:settings]
# --8<-- [start:key]
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", hide_input_in_errors=True)

    jwt_key: Annotated[SecretStr, Field(min_length=32)]  # from APP_JWT_KEY
    access_token_minutes: int = 15


# --8<-- [end:key]
@lru_cache
def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    get_settings()  # without a key the application does not start
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:settings]


# --8<-- [start:users]
class User(BaseModel):
    username: str
    scopes: list[str] = []


class StoredUser(User):
    password_hash: str
    disabled: bool = False


USERS: dict[str, StoredUser] = {}  # stands for the table of users
PASSWORDS = PasswordHash.recommended()  # Argon2id
DUMMY_HASH = PASSWORDS.hash(secrets.token_urlsafe())
# --8<-- [end:users]


# --8<-- [start:authenticate]
def authenticate(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> User:
    # --8<-- [start:dummy]
    user = USERS.get(form.username)
    stored = user.password_hash if user else DUMMY_HASH
    correct = PASSWORDS.verify(form.password, stored)  # also for an unknown name
    # --8<-- [end:dummy]
    if user is None or not correct or user.disabled:
        raise HTTPException(
            status_code=401,
            detail="Incorrect username or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    granted = [scope for scope in user.scopes if scope in form.scopes]
    return User(username=user.username, scopes=granted)


LoginUser = Annotated[User, Depends(authenticate, max_concurrency=4)]
# --8<-- [end:authenticate]


# --8<-- [start:token]
class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int
    scope: str


@app.post("/token")
async def login(
    user: LoginUser,
    settings: Annotated[Settings, Depends(get_settings)],
    response: Response,
) -> Token:
    now = datetime.now(UTC)
    lifetime = timedelta(minutes=settings.access_token_minutes)
    scope = " ".join(user.scopes)
    claims = {
        "sub": user.username,
        "scope": scope,
        "iat": now,
        "exp": now + lifetime,
    }
    key = settings.jwt_key.get_secret_value()
    response.headers["Cache-Control"] = "no-store"
    return Token(
        access_token=jwt.encode(claims, key, algorithm="HS256"),
        expires_in=int(lifetime.total_seconds()),
        scope=scope,
    )


# --8<-- [end:token]


# --8<-- [start:decode]
def read_claims(token: str, settings: Settings) -> dict[str, Any]:
    return jwt.decode(
        token,
        settings.jwt_key.get_secret_value(),
        algorithms=["HS256"],
        options={"require": ["exp", "iat", "sub"]},
    )


# --8<-- [end:decode]


# --8<-- [start:current-user]
oauth2_scheme = OAuth2PasswordBearer(
    tokenUrl="token",
    scopes={"items:read": "Read items", "items:write": "Change items"},
)


async def get_current_user(
    required: SecurityScopes,
    token: Annotated[str, Depends(oauth2_scheme)],
    settings: Annotated[Settings, Depends(get_settings)],
) -> StoredUser:
    try:
        claims = read_claims(token, settings)
        user = USERS.get(claims["sub"])
    except jwt.InvalidTokenError:
        user = None
    if user is None or user.disabled:
        challenge = 'Bearer error="invalid_token"'
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": challenge})
    held = set(str(claims.get("scope", "")).split()) & set(user.scopes)
    if not set(required.scopes) <= held:
        challenge = 'Bearer error="insufficient_scope"'
        challenge += f', scope="{required.scope_str}"'
        raise HTTPException(403, "Not enough scope", {"WWW-Authenticate": challenge})
    return user


# --8<-- [end:current-user]


# --8<-- [start:endpoints]
@app.get("/me")
async def me(user: Annotated[StoredUser, Depends(get_current_user)]) -> User:
    return user  # declared as User: the hash is filtered out


@app.post("/items")
async def create_item(
    user: Annotated[StoredUser, Security(get_current_user, scopes=["items:write"])],
) -> dict[str, str]:
    return {"owner": user.username}


# --8<-- [end:endpoints]
