import os
import secrets
from typing import Annotated

import strawberry
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from strawberry.fastapi import BaseContext, GraphQLRouter


# --8<-- [start:context]
def get_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    sent, token = credentials.credentials, os.environ["API_TOKEN"]
    if not secrets.compare_digest(sent.encode(), token.encode()):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return "ada"  # look the user up here


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
