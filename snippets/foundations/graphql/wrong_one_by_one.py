import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter

queries: list[str] = []


async def fetch(sql: str, number: int) -> str:
    queries.append(sql)
    return "Ada"


# --8<-- [start:field]
@strawberry.type
class Book:
    author_id: strawberry.Private[int]

    @strawberry.field
    async def author(self) -> str:
        sql = "SELECT name FROM authors WHERE id = $1"
        return await fetch(sql, self.author_id)


# --8<-- [end:field]
@strawberry.type
class Query:
    @strawberry.field
    async def books(self) -> list[Book]:
        queries.append("SELECT author_id FROM books")
        return [Book(author_id=number) for number in range(50)]


app = FastAPI()
app.include_router(GraphQLRouter(strawberry.Schema(Query)), prefix="/graphql")
