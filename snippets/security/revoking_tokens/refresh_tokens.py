# --8<-- [start:program]
import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Self

import jwt
from fastapi import Body, Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ACCESS_LIFETIME = timedelta(minutes=10)
SESSION_LIFETIME = timedelta(days=30)
IDLE_LIFETIME = timedelta(days=7)
LEEWAY = timedelta(seconds=30)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", hide_input_in_errors=True)

    # a JSON object in APP_JWT_KEYS: names of keys and their secrets
    jwt_keys: dict[str, Annotated[SecretStr, Field(min_length=32)]]
    jwt_signing_kid: str  # the key for new tokens

    @model_validator(mode="after")
    def signing_key_is_there(self) -> Self:
        if self.jwt_signing_kid not in self.jwt_keys:
            raise ValueError("APP_JWT_SIGNING_KID names no key of APP_JWT_KEYS")
        return self


@lru_cache
def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    get_settings()  # without its keys the application does not start
    yield


app = FastAPI(lifespan=lifespan, max_body_size=100_000)  # since FastAPI 0.164
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


@dataclass
class Session:
    """One login on one device: a family of refresh tokens, of which one is valid."""

    username: str
    version: int
    ends: datetime
    idle_until: datetime  # never later than ends
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    current: str = ""  # hash of the valid refresh token
    revoked: bool = False


@dataclass
class Store:
    """Stands for tables in a database that all processes share."""

    sessions: dict[str, Session] = field(default_factory=dict)  # by token hash
    versions: dict[str, int] = field(default_factory=dict)  # a column of the user
    denied: dict[str, datetime] = field(default_factory=dict)  # session id -> until


store = Store()


def get_store() -> Store:
    return store


Clock = Callable[[], datetime]


def get_clock() -> Clock:
    return lambda: datetime.now(UTC)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"


@dataclass
class Sessions:
    store: Annotated[Store, Depends(get_store)]
    now: Annotated[Clock, Depends(get_clock)]
    settings: Annotated[Settings, Depends(get_settings)]

    def start(self, username: str) -> Tokens:
        now = self.now()
        version = self.store.versions.setdefault(username, secrets.randbits(30))
        kept = {h: s for h, s in self.store.sessions.items() if s.idle_until > now}
        self.store.sessions = kept
        session = Session(username, version, now + SESSION_LIFETIME, now)
        return self.next_tokens(session)

    def next_tokens(self, session: Session) -> Tokens:
        access_token = self.access_token(session)  # first: if it fails, nothing changed
        refresh_token = secrets.token_urlsafe(32)  # opaque: nothing to decode
        session.current = digest(refresh_token)
        session.idle_until = min(self.now() + IDLE_LIFETIME, session.ends)
        self.store.sessions[session.current] = session  # old hashes stay till the end
        return Tokens(access_token=access_token, refresh_token=refresh_token)

    def access_token(self, session: Session) -> str:
        claims = {
            "sub": session.username,
            "sid": session.id,
            "ver": session.version,
            "iat": self.now(),
            "exp": self.now() + ACCESS_LIFETIME,
        }
        kid = self.settings.jwt_signing_kid
        key = self.settings.jwt_keys[kid].get_secret_value()
        return jwt.encode(claims, key, algorithm="HS256", headers={"kid": kid})

    def end(self, session: Session) -> None:
        session.revoked = True  # no new access tokens
        now = self.now()
        denied = {sid: t for sid, t in self.store.denied.items() if t > now}
        denied[session.id] = now + ACCESS_LIFETIME + LEEWAY  # none of the old ones
        self.store.denied = denied


def authenticate() -> str:
    """Stand for the password check, which is another answer."""
    raise HTTPException(401, "Incorrect username or password")


@app.post("/token")
async def login(
    username: Annotated[str, Depends(authenticate)],
    sessions: Annotated[Sessions, Depends()],
) -> Tokens:
    return sessions.start(username)


RefreshToken = Annotated[str, Body(embed=True, max_length=100)]


@app.post("/refresh")
async def refresh(
    refresh_token: RefreshToken, sessions: Annotated[Sessions, Depends()]
) -> Tokens:
    presented = digest(refresh_token)
    session = sessions.store.sessions.get(presented)
    if session and presented != session.current:
        sessions.end(session)  # used before: a thief may hold it
    if (
        session is None
        or session.revoked
        or sessions.now() >= session.idle_until
        or session.version != sessions.store.versions.get(session.username)
    ):
        raise HTTPException(401, "Log in again", {"WWW-Authenticate": "Bearer"})
    return sessions.next_tokens(session)


def verify(token: str, settings: Settings, store: Store) -> dict[str, Any]:
    kid = jwt.get_unverified_header(token).get("kid")
    if kid not in settings.jwt_keys:
        raise jwt.InvalidTokenError("unknown key")
    claims: dict[str, Any] = jwt.decode(
        token,
        settings.jwt_keys[kid].get_secret_value(),
        algorithms=["HS256"],
        options={"require": ["exp", "iat", "sub", "sid", "ver"]},
        leeway=LEEWAY,
    )
    if claims["sid"] in store.denied:
        raise jwt.InvalidTokenError("session ended")
    if claims["ver"] != store.versions.get(claims["sub"]):
        raise jwt.InvalidTokenError("all sessions ended")
    return claims


def current_claims(
    token: Annotated[str, Depends(oauth2_scheme)],
    settings: Annotated[Settings, Depends(get_settings)],
    store: Annotated[Store, Depends(get_store)],
) -> dict[str, Any]:
    try:
        return verify(token, settings, store)
    except jwt.InvalidTokenError:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge) from None


Claims = Annotated[dict[str, Any], Depends(current_claims)]


@app.get("/me")
async def me(claims: Claims) -> str:
    return str(claims["sub"])


@app.post("/logout", status_code=204)
async def logout(
    refresh_token: RefreshToken, sessions: Annotated[Sessions, Depends()]
) -> None:
    session = sessions.store.sessions.get(digest(refresh_token))
    if session:
        sessions.end(session)


@app.post("/logout-everywhere", status_code=204)
async def logout_everywhere(
    claims: Claims, store: Annotated[Store, Depends(get_store)]
) -> None:
    if claims["sub"] in store.versions:  # version = version + 1, in the database
        store.versions[claims["sub"]] += 1


# --8<-- [end:program]
