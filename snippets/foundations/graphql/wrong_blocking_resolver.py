import threading

import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter

threads: list[str] = []


def fetch_report() -> str:
    threads.append(threading.current_thread().name)
    return "done"


# --8<-- [start:field]
@strawberry.type
class Query:
    @strawberry.field
    def report(self) -> str:
        return fetch_report()


# --8<-- [end:field]
app = FastAPI()
app.include_router(GraphQLRouter(strawberry.Schema(Query)), prefix="/graphql")
