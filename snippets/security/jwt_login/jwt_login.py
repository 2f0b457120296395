# --8<-- [start:program]
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


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", hide_input_in_errors=True)

    jwt_key: Annotated[SecretStr, Field(min_length=32)]  # from APP_JWT_KEY
    access_token_minutes: int = 15


@lru_cache
def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    get_settings()  # without a key the application does not start
    yield


app = FastAPI(lifespan=lifespan, max_body_size=100_000)  # for small forms
AppSettings = Annotated[Settings, Depends(get_settings)]


class User(BaseModel):
    username: str
    scopes: list[str] = []


class StoredUser(User):
    password_hash: str
    disabled: bool = False


USERS: dict[str, StoredUser] = {}  # stands for the table of users
PASSWORDS = PasswordHash.recommended()  # Argon2id
DUMMY_HASH = PASSWORDS.hash(secrets.token_urlsafe())


def add_user(username: str, password: str, *scopes: str) -> None:
    stored = PASSWORDS.hash(password)
    user = StoredUser(username=username, scopes=list(scopes), password_hash=stored)
    if USERS.setdefault(username, user) is not user:  # in one step
        raise ValueError("This name is taken")


def authenticate(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> User:
    user = USERS.get(form.username)
    stored = user.password_hash if user else DUMMY_HASH
    typed = form.password.encode(errors="surrogatepass")  # any text: no error
    correct = PASSWORDS.verify(typed, stored)  # always
    if user is None or not correct or user.disabled:
        detail = "Incorrect username or password"
        raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
    granted = [s for s in user.scopes if s in form.scopes]
    return User(username=user.username, scopes=granted)


Login = Annotated[User, Depends(authenticate, max_concurrency=4)]


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int
    scope: str


@app.post("/token")
async def login(user: Login, settings: AppSettings, response: Response) -> Token:
    scope, minutes = " ".join(user.scopes), settings.access_token_minutes
    exp = datetime.now(UTC) + timedelta(minutes=minutes)
    claims = {"sub": user.username, "scope": scope, "exp": exp}
    key = settings.jwt_key.get_secret_value()
    token = jwt.encode(claims, key, algorithm="HS256")
    response.headers["Cache-Control"] = "no-store"
    return Token(access_token=token, expires_in=minutes * 60, scope=scope)


def read_claims(token: str, settings: Settings) -> dict[str, Any]:
    return jwt.decode(
        token,
        settings.jwt_key.get_secret_value(),
        algorithms=["HS256"],
        options={"require": ["exp", "sub"]},
    )


SCOPES = {"items:read": "Read", "items:write": "Change"}
bearer = OAuth2PasswordBearer(tokenUrl="token", scopes=SCOPES)


async def get_current_user(
    required: SecurityScopes,
    token: Annotated[str, Depends(bearer)],
    settings: AppSettings,
) -> StoredUser:
    try:
        claims = read_claims(token, settings)
        user = USERS.get(claims["sub"])
    except jwt.InvalidTokenError:
        user = None
    if user is None or user.disabled:
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", headers)
    granted = str(claims.get("scope", "")).split()
    if not set(required.scopes) <= set(granted) & set(user.scopes):
        challenge = 'Bearer error="insufficient_scope"'
        challenge += f', scope="{required.scope_str}"'
        headers = {"WWW-Authenticate": challenge}
        raise HTTPException(403, "Not enough scope", headers)
    return user


@app.get("/me")
async def me(user: Annotated[StoredUser, Depends(get_current_user)]) -> User:
    return user  # declared as User: the hash is filtered out


@app.post("/items")
async def create_item(
    user: Annotated[StoredUser, Security(get_current_user, scopes=["items:write"])],
) -> dict[str, str]:
    return {"owner": user.username}


# --8<-- [end:program]
