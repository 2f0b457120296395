from hashlib import sha256
from typing import Annotated

import strawberry
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from strawberry.fastapi import BaseContext, GraphQLRouter

# --8<-- [start:context]
USERS: dict[str, str] = {}  # SHA-256 of a token: name; your login in its place


def get_user(
    bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    digest = sha256(bearer.credentials.encode()).hexdigest()
    if digest not in USERS:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return USERS[digest]


class Context(BaseContext):
    def __init__(self, user: str) -> None:
        super().__init__()
        self.user = user


def get_context(user: Annotated[str, Depends(get_user)]) -> Context:
    return Context(user)


# --8<-- [end:context]
@strawberry.type
class Query:
    @strawberry.field
    async def me(self, info: strawberry.Info[Context, None]) -> str:
        return info.context.user


schema = strawberry.Schema(Query)
app = FastAPI()
graphql = GraphQLRouter[Context, None](
    schema, context_getter=get_context, graphql_ide=None
)
app.include_router(graphql, prefix="/graphql")
