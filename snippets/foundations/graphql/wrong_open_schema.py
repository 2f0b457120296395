import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter


@strawberry.type
class Query:
    @strawberry.field
    async def report(self) -> str:
        raise ValueError("no table reports at db.example.com")


# --8<-- [start:schema]
schema = strawberry.Schema(Query)
app = FastAPI()
app.include_router(GraphQLRouter(schema), prefix="/graphql")
# --8<-- [end:schema]
