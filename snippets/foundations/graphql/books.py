# --8<-- [start:program]
from collections.abc import Iterator
from json import JSONDecodeError, loads

import strawberry
from fastapi import FastAPI
from graphql import GraphQLError
from strawberry.dataloader import DataLoader
from strawberry.extensions import (
    DisableIntrospection,
    MaskErrors,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    QueryDepthLimiter,
    SchemaExtension,
)
from strawberry.fastapi import BaseContext, GraphQLRouter

AUTHORS = {1: "Ada", 2: "Grace"}  # stands for a database
BOOKS = {1: ("Notes", 1), 2: ("Compilers", 2), 3: ("Letters", 1)}


@strawberry.type
class Author:
    number: int
    name: str


async def load_authors(numbers: list[int]) -> list[Author | None]:
    # one query for all: SELECT … WHERE number IN (…)
    return [
        Author(number=number, name=AUTHORS[number]) if number in AUTHORS else None
        for number in numbers
    ]


class Context(BaseContext):
    def __init__(self) -> None:
        super().__init__()
        self.authors = DataLoader(load_authors)  # one for each request


async def get_context() -> Context:
    return Context()


Info = strawberry.Info[Context, None]


@strawberry.type
class Book:
    number: int
    title: str
    author_id: strawberry.Private[int]

    @strawberry.field
    async def author(self, info: Info) -> Author | None:
        return await info.context.authors.load(self.author_id)


def to_book(number: int) -> Book:
    title, author = BOOKS[number]
    return Book(number=number, title=title, author_id=author)


@strawberry.type
class Query:
    @strawberry.field
    async def books(self) -> list[Book]:
        return [to_book(number) for number in BOOKS]

    @strawberry.field
    async def book(self, number: int) -> Book | None:
        return to_book(number) if number in BOOKS else None


def is_ours(error: GraphQLError) -> bool:
    return error.path is not None  # raised by a resolver


class QueryLimiter(SchemaExtension):
    def on_validate(self) -> Iterator[None]:
        # each nested fragment doubles the time of two limiters below,
        # and each of up to 100 errors logs its line of the query
        query = self.execution_context.query or ""
        if len(query) > 10_000 or query.count("...") > 20:
            error = GraphQLError("More than 20 fragments or 10,000 characters")
            self.execution_context.pre_execution_errors = [error]
        yield


class Router(GraphQLRouter[Context, None]):
    def decode_json(self, data: str | bytes) -> object:
        try:
            found: object = loads(data)
        except (ValueError, RecursionError) as error:
            raise JSONDecodeError("Not readable", "", 0) from error  # a 400
        if isinstance(data, bytes) and not isinstance(found, dict | list):
            raise JSONDecodeError("Not an object", "", 0)
        return found


schema = strawberry.Schema(
    Query,
    extensions=[
        lambda: MaskErrors(should_mask_error=is_ours),
        QueryLimiter,
        DisableIntrospection,  # the limit for depth does not see it
        lambda: QueryDepthLimiter(max_depth=5),
        lambda: MaxAliasesLimiter(max_alias_count=10),
        lambda: MaxTokensLimiter(max_token_count=400),
    ],
)
app = FastAPI(max_body_size=100_000)  # bytes
graphql = Router(
    schema,
    context_getter=get_context,
    graphql_ide=None,
    subscription_protocols=(),  # closes WebSockets, which max_body_size does not limit
)
app.include_router(graphql, prefix="/graphql")
# --8<-- [end:program]
