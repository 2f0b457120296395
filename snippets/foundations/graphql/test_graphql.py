import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any, NewType

import pytest
import strawberry
from fastapi import FastAPI, HTTPException, WebSocketDisconnect
from fastapi.testclient import TestClient
from graphql import get_introspection_query
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import (
    DisableIntrospection,
    MaskErrors,
    QueryDepthLimiter,
    query_depth_limiter,
)
from strawberry.fastapi import GraphQLRouter
from strawberry.schema.config import StrawberryConfig

from snippets.foundations.graphql import (
    books,
    protected,
    threaded_resolver,
    wrong_blocking_resolver,
    wrong_one_by_one,
    wrong_open_schema,
)

PROTOCOL = "graphql-transport-ws"
LIMITS = "More than 20 fragments or 10,000 characters"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Strawberry prints each error to its log."""
    logger = logging.getLogger("strawberry.execution")
    logger.disabled = True
    yield
    logger.disabled = False


def ask(app: FastAPI, query: str, **headers: str) -> Any:
    return TestClient(app).post("/graphql", json={"query": query}, headers=headers)


def serve(query: type, **options: Any) -> FastAPI:
    app = FastAPI()
    schema = strawberry.Schema(query, **options)
    app.include_router(GraphQLRouter(schema), prefix="/graphql")
    return app


def test_books_and_their_authors_in_two_loads(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    loads: list[list[int]] = []

    async def watched(ids: list[int]) -> list[books.Author | None]:
        loads.append(list(ids))
        return await original(ids)

    original = books.load_authors
    monkeypatch.setattr(books, "load_authors", watched)
    query = "{ books { title author { name } } }"
    response = ask(books.app, query)
    lines = ["POST /graphql", json.dumps({"query": query}), "", "200"]
    assert response.status_code == 200
    recorded("books.http", "\n".join([*lines, json.dumps(response.json(), indent=1)]))
    assert loads == [[1, 2]]
    ask(books.app, query)
    assert loads == [[1, 2], [1, 2]]


@pytest.mark.parametrize("cache", [True, False])
def test_over_a_websocket_a_loader_keeps_data_for_the_whole_connection(
    cache: bool,
) -> None:
    loads: list[list[int]] = []

    async def load(numbers: list[int]) -> list[books.Author | None]:
        loads.append(list(numbers))
        return await books.load_authors(numbers)

    async def get_context() -> books.Context:
        context = books.Context()
        context.authors = DataLoader(load, cache=cache)
        return context

    app = FastAPI()
    router = GraphQLRouter[books.Context, None](
        books.schema, context_getter=get_context
    )
    app.include_router(router, prefix="/graphql")
    query = "{ book(number: 1) { author { name } } }"
    with TestClient(app).websocket_connect("/graphql", [PROTOCOL]) as websocket:
        websocket.send_json({"type": "connection_init"})
        assert websocket.receive_json()["type"] == "connection_ack"
        for number in "12":
            operation = {"id": number, "type": "subscribe", "payload": {"query": query}}
            websocket.send_json(operation)
            data = websocket.receive_json()["payload"]["data"]
            assert data == {"book": {"author": {"name": "Ada"}}}
            assert websocket.receive_json()["type"] == "complete"
    assert loads == ([[1]] if cache else [[1], [1]])


def test_an_unknown_book_is_null() -> None:
    response = ask(books.app, "{ book(number: 9) { title } }")
    assert response.json() == {"data": {"book": None}}
    response = ask(books.app, "{ book(number: 1) { title author { name } } }")
    assert response.json()["data"]["book"]["author"] == {"name": "Ada"}


def test_too_many_aliases_and_tokens_are_refused() -> None:
    aliases = " ".join(
        f"x{number}: book(number: 1) {{ title }}" for number in range(11)
    )
    tokens = "title " * 400
    for query, text in (
        (f"{{ {aliases} }}", "11 aliases found. Allowed: 10"),
        (f"{{ books {{ {tokens} }} }}", "more than 400 tokens"),
    ):
        response = ask(books.app, query)
        [error] = response.json()["errors"]
        assert text in error["message"]
        assert response.json()["data"] is None


@pytest.mark.since(fastapi="0.164.0")
def test_a_long_query_is_refused_before_it_is_read() -> None:
    assert ask(books.app, "#" * 100_000 + "\n{ books { title } }").status_code == 413


def test_a_long_query_is_not_logged_once_for_each_of_its_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("strawberry.execution").disabled = False
    query = "{" + " " * 20_000 + "x " * 100 + "}"
    posted = ask(books.app, query)
    got = TestClient(books.app).get("/graphql", params={"query": query})
    for answer in (posted, got):
        [error] = answer.json()["errors"]
        assert error["message"] == LIMITS
    assert len(caplog.text) < 1_000
    ask(serve(books.Query), query)
    assert len(caplog.text) > 1_000_000


def test_without_protocols_a_websocket_is_closed() -> None:
    client = TestClient(books.app)
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect("/graphql", [PROTOCOL]) as websocket,
    ):
        websocket.receive_json()
    assert closed.value.code == 4406


def nested(fragments: int) -> str:
    """A query of fragments, each of which uses the next one twice."""
    parts = [
        f"fragment F{number} on Query {{ ...F{number + 1} ...F{number + 1} }}"
        for number in range(fragments)
    ]
    last = f"fragment F{fragments} on Query {{ books {{ title }} }}"
    return " ".join(["{ ...F0 }", *parts, last])


def test_each_fragment_doubles_the_work_of_the_depth_limiter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return original(*arguments, **options)

    original = query_depth_limiter.determine_depth
    monkeypatch.setattr(query_depth_limiter, "determine_depth", counted)
    app = serve(books.Query, extensions=[lambda: QueryDepthLimiter(max_depth=5)])
    counts = []
    for fragments in (7, 8):
        calls = 0
        assert "errors" not in ask(app, nested(fragments)).json()
        counts.append(calls)
    assert counts[1] > 1.9 * counts[0]


def test_too_many_fragments_are_refused_before_the_other_limits() -> None:
    assert "errors" not in ask(books.app, nested(9)).json()
    query = nested(24)
    assert len(query) < 1000
    body = ask(books.app, query).json()
    assert body["errors"][0]["message"] == LIMITS
    assert body["data"] is None
    app = FastAPI()
    app.include_router(GraphQLRouter(books.schema), prefix="/graphql")
    with TestClient(app).websocket_connect("/graphql", [PROTOCOL]) as websocket:
        websocket.send_json({"type": "connection_init"})
        assert websocket.receive_json()["type"] == "connection_ack"
        operation = {"id": "1", "type": "subscribe", "payload": {"query": query}}
        websocket.send_json(operation)
        [error] = websocket.receive_json()["payload"]
        assert error["message"] == LIMITS


@strawberry.type
class Person:
    @strawberry.field
    async def friend(self) -> "Person":
        return Person()

    @strawberry.field
    async def name(self) -> str:
        return "Ada"


@strawberry.type
class Nested:
    @strawberry.field
    async def person(self) -> Person:
        return Person()


def test_without_a_limit_any_depth_is_answered() -> None:
    query = "{ person " + "{ friend " * 9 + "{ name }" + " }" * 10
    assert "errors" not in ask(serve(Nested), query).json()
    app = serve(Nested, extensions=[lambda: QueryDepthLimiter(max_depth=5)])
    [error] = ask(app, query).json()["errors"]
    assert "exceeds maximum operation depth of 5" in error["message"]


def test_a_query_that_does_not_fit_the_schema_is_a_200_with_errors() -> None:
    response = ask(books.app, "{ nope }")
    assert response.status_code == 200
    [error] = response.json()["errors"]
    assert error["message"] == "Cannot query field 'nope' on type 'Query'."


def test_an_exception_of_a_resolver_is_masked_and_logged_and_other_fields_are_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("strawberry.execution").disabled = False

    @strawberry.type
    class Query:
        @strawberry.field
        async def report(self) -> str | None:
            raise ValueError("secret")

        @strawberry.field
        async def name(self) -> str:
            return "Ada"

    app = serve(Query, extensions=[lambda: MaskErrors(books.is_ours)])
    body = ask(app, "{ report name }").json()
    assert body["data"] == {"report": None, "name": "Ada"}
    assert body["errors"][0]["message"] == "Unexpected error."
    assert "secret" in caplog.text
    assert "Cannot query" in ask(app, "{ nope }").json()["errors"][0]["message"]


def test_by_default_the_text_of_an_exception_is_sent() -> None:
    response = ask(wrong_open_schema.app, "{ report }")
    assert response.status_code == 200
    [error] = response.json()["errors"]
    assert error["message"] == "no table reports at db.example.com"


def test_an_http_exception_of_a_resolver_is_a_200_too() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        async def report(self) -> str:
            raise HTTPException(404, "no report")

    response = ask(serve(Query), "{ report }")
    assert (response.status_code, response.json()["data"]) == (200, None)
    assert response.json()["errors"][0]["message"] == "404: no report"


def test_bodies_that_are_no_query_are_a_400() -> None:
    client = TestClient(books.app)
    assert client.post("/graphql", content="{books{title}}").status_code == 400
    assert client.post("/graphql", json={}).status_code == 400
    headers = {"content-type": "application/json"}
    assert client.post("/graphql", content="{", headers=headers).status_code == 400
    fragment = {"query": "fragment F on Book { title }"}
    assert client.post("/graphql", json=fragment).status_code == 400
    unknown = {"query": "query A { books { title } }", "operationName": "B"}
    assert client.post("/graphql", json=unknown).status_code == 400


@pytest.mark.parametrize(
    "content",
    [b"\xff", b'"text"', b"1", b"true", b"null", b"[" * 100_000, b"9" * 5_000],
)
def test_bytes_and_json_that_is_no_object_are_a_500_without_our_router(
    content: bytes,
) -> None:
    headers = {"content-type": "application/json"}
    for app, status in ((serve(books.Query), 500), (books.app, 400)):
        client = TestClient(app, raise_server_exceptions=False)
        response = client.post("/graphql", content=content, headers=headers)
        assert response.status_code == status


def test_a_lone_surrogate_in_the_name_of_the_operation_is_a_500_with_our_router_too() -> (
    None
):
    content = rb'{"query": "{ books { title } }", "operationName": "\ud800"}'
    response = TestClient(books.app, raise_server_exceptions=False).post(
        "/graphql", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 500


def test_a_get_may_send_null_for_its_variables() -> None:
    asked = {"query": "{ books { title } }", "variables": "null"}
    assert TestClient(books.app).get("/graphql", params=asked).status_code == 200


def test_a_client_reads_what_is_wrong_with_a_variable() -> None:
    query = "query($number: Int!) { book(number: $number) { title } }"
    body = {"query": query, "variables": {"number": "x"}}
    response = TestClient(books.app).post("/graphql", json=body)
    [error] = response.json()["errors"]
    assert error["message"].startswith("Variable '$number' has invalid value")


def test_the_text_of_an_exception_in_a_scalar_is_sent() -> None:
    def parse(value: object) -> str:
        raise ValueError("secret")

    code = NewType("code", str)
    scalar = strawberry.scalar(name="Code", parse_value=parse)

    @strawberry.type
    class Query:
        @strawberry.field
        async def item(self, code: code) -> str:
            raise AssertionError("never called")

    app = serve(
        Query,
        extensions=[lambda: MaskErrors(books.is_ours)],
        config=StrawberryConfig(scalar_map={code: scalar}),
    )
    assert "secret" in ask(app, '{ item(code: "x") }').text


def test_the_text_of_an_exception_in_the_generator_of_a_subscription_is_sent() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self) -> AsyncIterator[int]:
            yield 1
            raise ValueError("secret")

    app = serve(
        books.Query,
        subscription=Subscription,
        extensions=[lambda: MaskErrors(books.is_ours)],
    )
    with TestClient(app).websocket_connect("/graphql", [PROTOCOL]) as websocket:
        websocket.send_json({"type": "connection_init"})
        assert websocket.receive_json()["type"] == "connection_ack"
        operation = {"query": "subscription { count }"}
        websocket.send_json({"id": "1", "type": "subscribe", "payload": operation})
        assert websocket.receive_json()["payload"] == {"data": {"count": 1}}
        [error] = websocket.receive_json()["payload"]["errors"]
        assert error["message"] == "secret"


def test_a_subscription_can_come_as_server_sent_events() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self) -> AsyncIterator[int]:
            yield 1

    schema = strawberry.Schema(books.Query, subscription=Subscription)
    app = FastAPI()
    router = GraphQLRouter(schema, subscription_protocols=("graphql-sse",))
    app.include_router(router, prefix="/graphql")
    answer = ask(app, "subscription { count }", accept="text/event-stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert 'data: {"data":{"count":1}}' in answer.text


def test_graphiql_loads_scripts_of_another_host_unless_it_is_off() -> None:
    html = {"accept": "text/html"}
    page = TestClient(wrong_open_schema.app).get("/graphql", headers=html)
    assert "https://unpkg.com/graphiql@" in page.text
    assert TestClient(books.app).get("/graphql", headers=html).status_code == 404


def test_the_schema_can_be_read_until_introspection_is_off() -> None:
    query = "{ __schema { queryType { name } } }"
    assert "errors" not in ask(serve(books.Query), query).json()
    app = serve(Nested, extensions=[DisableIntrospection])
    assert "errors" in ask(app, query).json()


def test_the_limit_for_depth_does_not_see_introspection_which_the_program_refuses() -> (
    None
):
    query = get_introspection_query()
    limited = serve(books.Query, extensions=[lambda: QueryDepthLimiter(max_depth=1)])
    assert "errors" in ask(limited, "{ books { author { name } } }").json()
    assert "errors" not in ask(limited, query).json()
    refused = ask(books.app, query).json()
    assert refused["data"] is None
    assert "introspection" in refused["errors"][0]["message"].lower()


def test_messages_suggest_names_until_that_is_off_too() -> None:
    hidden: dict[str, Any] = {"extensions": [DisableIntrospection]}
    suggestion = "Did you mean 'book' or 'books'?"
    assert suggestion in ask(serve(books.Query, **hidden), "{ bok }").text
    hidden["config"] = StrawberryConfig(disable_field_suggestions=True)
    answer = ask(serve(books.Query, **hidden), "{ bok }").text
    assert "Cannot query field" in answer
    assert "Did you mean" not in answer
    answer = ask(serve(books.Query, **hidden), "{ book(nummer: 1) { title } }").text
    assert "Did you mean 'number'?" in answer


def test_mutations_of_one_request_run_one_after_the_other() -> None:
    seen = []

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def add(self, title: str) -> str:
            seen.append(f"begin {title}")
            await asyncio.sleep(0)
            seen.append(f"end {title}")
            return title

    app = FastAPI()
    schema = strawberry.Schema(Nested, Mutation)
    app.include_router(GraphQLRouter(schema), prefix="/graphql")
    answer = ask(app, 'mutation { a: add(title: "tea") b: add(title: "rum") }')
    assert answer.json() == {"data": {"a": "tea", "b": "rum"}}
    assert seen == ["begin tea", "end tea", "begin rum", "end rum"]


def test_get_answers_queries_and_refuses_mutations() -> None:
    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def rename(self) -> str:
            raise AssertionError("never called")

    app = serve(Nested, mutation=Mutation)
    client = TestClient(app)
    assert client.get("/graphql", params={"query": "{ person { name } }"}).json()[
        "data"
    ]
    refused = client.get("/graphql", params={"query": "mutation { rename }"})
    assert refused.status_code == 400


def test_the_context_is_a_dependency_and_its_401_is_a_401(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(protected.USERS, sha256(b"demo").hexdigest(), "ada")
    query = "{ me }"
    assert ask(protected.app, query).status_code == 401
    empty = ask(protected.app, query, authorization="Bearer ")
    assert empty.status_code == 401
    headers = [(b"authorization", "Bearer wröng".encode())]
    client = TestClient(protected.app)
    refused = client.post("/graphql", json={"query": query}, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    answer = ask(protected.app, query, authorization="Bearer demo")
    assert answer.json() == {"data": {"me": "ada"}}


def test_a_field_that_asks_for_itself_asks_once_for_each_object() -> None:
    wrong_one_by_one.queries.clear()
    assert ask(wrong_one_by_one.app, "{ books { author } }").status_code == 200
    assert len(wrong_one_by_one.queries) == 51


def test_a_def_resolver_runs_on_the_event_loop() -> None:
    threads = wrong_blocking_resolver.threads
    threads.clear()

    @strawberry.type
    class Query(wrong_blocking_resolver.Query):
        @strawberry.field
        async def loop(self) -> str:
            return threading.current_thread().name

    [*_, loop] = [ask(serve(Query), "{ loop report }").json()["data"]["loop"]]
    assert threads == [loop]
    threads.clear()
    assert ask(threaded_resolver.app, "{ report }").json()["data"]["report"] == "done"
    assert threads == ["AnyIO worker thread"]


def test_fields_of_a_query_run_at_the_same_time() -> None:
    barrier = asyncio.Barrier(2)

    @strawberry.type
    class Query:
        @strawberry.field
        async def meet(self) -> str:
            async with asyncio.timeout(30):
                await barrier.wait()
            return "met"

    data = ask(serve(Query), "{ a: meet b: meet }").json()["data"]
    assert data == {"a": "met", "b": "met"}


def test_the_openapi_document_knows_the_address_and_not_the_fields() -> None:
    document = books.app.openapi()
    assert list(document["paths"]) == ["/graphql"]
    assert "Book" not in json.dumps(document)


def test_the_old_mount_of_the_asgi_application_fails() -> None:
    app = FastAPI()
    graphql: Any = GraphQL(books.schema)
    app.add_route("/graphql", graphql)
    with pytest.raises(AttributeError, match="no attribute 'add_websocket_route'"):
        app.add_websocket_route("/graphql", graphql)  # type: ignore[attr-defined]
