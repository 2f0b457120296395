import strawberry
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from strawberry.fastapi import GraphQLRouter

from snippets.foundations.graphql.wrong_blocking_resolver import fetch_report


# --8<-- [start:field]
@strawberry.type
class Query:
    @strawberry.field
    async def report(self) -> str:
        return await run_in_threadpool(fetch_report)


# --8<-- [end:field]
app = FastAPI()
app.include_router(GraphQLRouter(strawberry.Schema(Query)), prefix="/graphql")
