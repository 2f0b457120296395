"""A stand-in for a MongoDB server, which no registry of packages has: it speaks just enough of the protocol.

It answers the handshake, inserts, finds by equality, sets fields and can refuse a second document with
the same name. What the driver does is real; what the server does is not.
"""

import asyncio
import gc
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import CodecOptions, ObjectId
from bson.errors import InvalidDocument, InvalidId
from fastapi.testclient import TestClient
from pydantic import (
    PydanticDeprecatedSince20,
    PydanticUserError,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticSerializationError
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    NetworkTimeout,
    ServerSelectionTimeoutError,
)

from snippets.conftest import ROOT
from snippets.databases.mongodb import (
    changes,
    client_in_lifespan,
    products,
    text_id,
    typed_filter,
    wrong_filter,
    wrong_object_id,
)

HEADER = struct.Struct("<iiii")  # length, request, answer to, operation
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HELLO = {
    "ismaster": True,
    "isWritablePrimary": True,
    "helloOk": True,
    "maxBsonObjectSize": 2**24,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 1000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "ok": 1.0,
}


class StandIn(socketserver.ThreadingTCPServer):
    """Holds documents by collection, and the commands that arrived."""

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Conversation)
        self.documents: dict[str, list[dict[str, Any]]] = {}
        self.commands: list[dict[str, Any]] = []
        self.connected = 0
        self.unique: str | None = None
        self.silent = threading.Event()
        self.hangs_up = threading.Event()

    @property
    def url(self) -> str:
        """Return the address for a client."""
        return f"mongodb://127.0.0.1:{self.server_address[1]}/?directConnection=true"

    def run(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what a command asks for."""
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            return HELLO
        self.commands.append(command)
        stored = self.documents.setdefault(str(command[name]), [])
        if name == "insert":
            new = command["documents"][0]
            if self.unique and any(d[self.unique] == new[self.unique] for d in stored):
                refused = {"index": 0, "code": 11000, "errmsg": "E11000 duplicate key"}
                return {"n": 0, "writeErrors": [refused], "ok": 1.0}
            stored += command["documents"]
            return {"n": len(command["documents"]), "ok": 1.0}
        if name in ("find", "aggregate"):
            wanted = command.get("filter", {})
            found = [d for d in stored if all(d.get(k) == v for k, v in wanted.items())]
            if name == "aggregate":  # count_documents
                found = [{"n": len(found)}]
            namespace = f"shop.{command[name]}"
            return {
                "cursor": {"id": bson.Int64(0), "ns": namespace, "firstBatch": found},
                "ok": 1.0,
            }
        if name == "findAndModify":
            wanted = command["query"]["_id"]
            changed = next((d for d in stored if d["_id"] == wanted), None)
            if changed:
                changed |= command["update"]["$set"]
            return {"value": changed, "ok": 1.0}
        return {"ok": 1.0}


class Conversation(socketserver.StreamRequestHandler):
    """One connection of the driver."""

    server: StandIn

    def handle(self) -> None:
        """Answer until the driver hangs up."""
        self.server.connected += 1
        try:
            while head := self.rfile.read(HEADER.size):
                length, request, _, operation = HEADER.unpack(head)
                self.answer(request, operation, self.rfile.read(length - HEADER.size))
        finally:
            self.server.connected -= 1

    def answer(self, request: int, operation: int, body: bytes) -> None:
        """Answer one message."""
        if operation == OP_QUERY:
            start = body.index(b"\0", 4) + 1 + 8
            size = struct.unpack_from("<i", body, start)[0]
            reply = bson.encode(
                self.server.run(bson.decode(body[start : start + size]))
            )
            payload = struct.pack("<iqii", 8, 0, 0, 1) + reply
            kind = OP_REPLY
        else:
            command: dict[str, Any] = {}
            place = 4
            while place < len(body):
                section, place = body[place], place + 1
                size = struct.unpack_from("<i", body, place)[0]
                part = body[place : place + size]
                if section == 0:
                    command |= bson.decode(part)
                else:  # the documents of an insert
                    end = part.index(b"\0", 4)
                    command[part[4:end].decode()] = bson.decode_all(part[end + 1 :])
                place += size
            if self.server.hangs_up.is_set() and "insert" in command:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            answer = self.server.run(command)
            if self.server.silent.is_set() and command.keys() & {"find", "endSessions"}:
                return
            payload = b"\0\0\0\0\0" + bson.encode(answer)
            kind = OP_MSG
        header = HEADER.pack(HEADER.size + len(payload), 0, request, kind)
        self.wfile.write(header + payload)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Start the stand-in; ``MONGODB_URL`` leads to it."""
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        monkeypatch.setenv("MONGODB_URL", server.url)
        yield server
        server.shutdown()
        thread.join(30)


GIVEN = "65f0c0ffee65f0c0ffee0001"


def test_a_product_is_stored_and_read(stand_in: StandIn, recorded: Any) -> None:
    lines = []
    with TestClient(products.app) as client:
        answer = client.post("/products", json={"name": "tea", "cents": 450})
        assert answer.status_code == 201
        stored = stand_in.documents["products"][0]
        created = str(stored["_id"])
        assert answer.json() == {"name": "tea", "cents": 450, "id": created}
        for path in (
            f"/products/{created}",
            "/products",
            f"/products/{GIVEN}",
            "/products/7",
        ):
            answer = client.get(path)
            text = answer.text
            if answer.status_code == 422:
                text = answer.json()["detail"][0]["msg"]
            lines.append(
                f"GET {path}\n  {answer.status_code} {text}".replace(
                    created, GIVEN[:-1] + "7"
                )
            )
    recorded("exchange.txt", "\n".join(lines))


def test_a_price_is_set_and_the_changed_document_comes_back(stand_in: StandIn) -> None:
    with TestClient(changes.app) as client:
        tea = client.post("/products", json={"name": "tea", "cents": 450}).json()
        answer = client.put(f"/products/{tea['id']}/price", json={"cents": 500})
        assert answer.json() == tea | {"cents": 500}
        unknown = client.put(f"/products/{GIVEN}/price", json={"cents": 500})
        assert unknown.status_code == 404
    command = stand_in.commands[1]
    assert command["update"] == {"$set": {"cents": 500}}
    assert command["new"] is True


def test_a_name_that_the_unique_index_refuses_is_a_409(stand_in: StandIn) -> None:
    stand_in.unique = "name"
    with TestClient(changes.app) as client:
        for status in (201, 409):
            answer = client.post("/products", json={"name": "tea", "cents": 450})
            assert answer.status_code == status
    assert len(stand_in.documents["products"]) == 1


def test_the_index_is_asked_for_as_the_page_says(stand_in: StandIn) -> None:
    async def ask() -> None:
        async with AsyncMongoClient[dict[str, Any]](stand_in.url) as client:
            await client["shop"]["products"].create_index("name", unique=True)

    asyncio.run(ask())
    index = {"name": "name_1", "key": {"name": 1}, "unique": True}
    assert stand_in.commands[0]["indexes"] == [index]


def test_an_update_without_an_operator_is_refused_by_the_driver(
    stand_in: StandIn,
) -> None:
    async def replace() -> None:
        async with AsyncMongoClient[dict[str, Any]](stand_in.url) as client:
            await client["shop"]["products"].find_one_and_update({}, {"cents": 1})

    with pytest.raises(ValueError, match=r"only works with \$ operators"):
        asyncio.run(replace())


def test_a_cursor_is_not_awaited(stand_in: StandIn) -> None:
    async def find() -> None:
        async with AsyncMongoClient[dict[str, Any]](stand_in.url) as client:
            cursor: Any = client["shop"]["products"].find()
            await cursor

    with pytest.raises(TypeError, match="can't be used in 'await' expression"):
        asyncio.run(find())


def test_the_lifespan_closes_the_client(stand_in: StandIn) -> None:
    with TestClient(products.app) as client:
        assert client.get("/products").json() == []
        assert stand_in.connected > 0
    command = stand_in.commands[0]
    assert (command["find"], command["limit"], command["sort"]) == (
        "products",
        20,
        {"_id": -1},
    )


@pytest.mark.parametrize(
    "body",
    [
        {"name": {"$ne": ""}, "cents": 1},
        {"name": "tea", "cents": 2**40},
        {"name": "tea", "cents": {"$gt": 0}},
        {"name": "", "cents": 1},
        [],
    ],
)
def test_what_does_not_fit_never_reaches_the_database(
    stand_in: StandIn, body: Any
) -> None:
    with TestClient(products.app) as client:
        assert client.post("/products", json=body).status_code == 422
    assert "products" not in stand_in.documents


def test_an_object_id_cannot_be_sent_as_it_is() -> None:
    client = TestClient(wrong_object_id.app)
    with pytest.raises(PydanticSerializationError, match=r"bson\.objectid\.ObjectId"):
        client.get(f"/products/{GIVEN}")
    with pytest.raises(ValueError, match="'ObjectId' object is not iterable"):
        client.get(f"/undeclared/{GIVEN}")
    assert TestClient(text_id.app).get(f"/products/{GIVEN}").json()["id"] == GIVEN


def test_a_text_that_is_no_object_id_is_an_exception() -> None:
    with pytest.raises(InvalidId, match="is not a valid ObjectId"):
        TestClient(wrong_object_id.app).get("/products/7")
    assert TestClient(text_id.app).get("/products/7").status_code == 422


def test_the_error_texts(recorded: Any) -> None:
    client = TestClient(wrong_object_id.app)
    lines = []
    for path in (f"/products/{GIVEN}", f"/undeclared/{GIVEN}", "/products/7"):
        try:
            client.get(path)
        except Exception as error:
            lines.append(f"{type(error).__name__}: {error}")
    recorded("errors.txt", "\n".join(lines))


def test_a_client_belongs_to_one_event_loop(stand_in: StandIn) -> None:
    # In a process of its own: nothing can close this client any more.
    lines = [
        "from fastapi.testclient import TestClient",
        "from snippets.databases.mongodb.wrong_global_client import app",
        "for _ in range(2):",
        "    with TestClient(app) as client:",
        "        print(client.get('/count').json(), flush=True)",
    ]
    command = [sys.executable, "-c", "\n".join(lines)]
    ran = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert ran.stdout == "0\n"
    assert "Cannot use AsyncMongoClient in different event loop" in ran.stderr
    for _ in range(2):
        with TestClient(client_in_lifespan.app) as client:
            assert client.get("/count").json() == 0


def test_without_a_server_the_request_fails_and_not_the_start(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for the driver to close the socket that is refused.
    closed = "mongodb://127.0.0.1:1/?timeoutMS=200"

    async def ask() -> None:
        async with AsyncMongoClient[dict[str, Any]](closed) as client:
            await client["shop"]["products"].find_one({})

    with warnings.catch_warnings():
        # A client that is closed while it connects leaves its socket to the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(ServerSelectionTimeoutError):
            asyncio.run(ask())
        gc.collect()
    monkeypatch.setenv("MONGODB_URL", closed)
    with TestClient(products.app):  # nothing connects
        pass


def test_a_server_that_does_not_answer_is_given_up(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    original = AsyncMongoClient.__init__

    def impatient(self: Any, url: str, **options: Any) -> None:
        made.append(options["timeoutMS"])
        original(self, url, **options | {"timeoutMS": 300})

    monkeypatch.setattr(AsyncMongoClient, "__init__", impatient)
    with TestClient(products.app) as client:
        assert client.get(f"/products/{GIVEN}").status_code == 404
        stand_in.silent.set()
        with pytest.raises(NetworkTimeout):
            client.get(f"/products/{GIVEN}")
    assert made == [5000]


def test_a_lost_connection_is_an_auto_reconnect_at_once(stand_in: StandIn) -> None:
    with TestClient(products.app) as client:
        stand_in.hangs_up.set()
        with pytest.raises(AutoReconnect) as caught:
            client.post("/products", json={"name": "tea", "cents": 450})
    assert type(caught.value) is AutoReconnect  # neither of the two that wait


@pytest.mark.parametrize(
    ("module", "path"),
    [(products, "/products"), (changes, None), (client_in_lifespan, "/count")],
)
def test_a_server_that_does_not_answer_the_goodbye_does_not_hold_the_stop(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, module: Any, path: str | None
) -> None:
    made = []
    original = AsyncMongoClient.__init__
    monkeypatch.setitem(HELLO, "logicalSessionTimeoutMinutes", 30)

    def impatient(self: Any, url: str, **options: Any) -> None:
        made.append(options["socketTimeoutMS"])
        original(self, url, **options | {"socketTimeoutMS": 300})

    monkeypatch.setattr(AsyncMongoClient, "__init__", impatient)
    with TestClient(module.app) as client:
        if path is None:
            client.post("/products", json={"name": "tea", "cents": 450})
        else:
            assert client.get(path).status_code == 200
        stand_in.silent.set()
    assert [next(iter(command)) for command in stand_in.commands][-1] == "endSessions"
    assert made == [5000]


def test_by_default_only_the_search_for_a_server_has_a_limit() -> None:
    options = AsyncMongoClient[Any](connect=False).options
    assert options.server_selection_timeout == 30
    assert options.timeout is None
    assert options.pool_options.socket_timeout is None


def test_a_body_without_types_can_hold_an_operator() -> None:
    body = {"email": "ada@example.org", "code": {"$ne": ""}}
    wrong = TestClient(wrong_filter.app).post("/filter", json=body)
    assert wrong.json() == body
    assert TestClient(typed_filter.app).post("/filter", json=body).status_code == 422


def test_a_bounded_text_refuses_half_a_surrogate_pair_which_bson_cannot_encode() -> (
    None
):
    with pytest.raises(UnicodeEncodeError):
        bson.encode({"email": "\ud800"})
    with pytest.raises(ValidationError):
        typed_filter.Login.model_validate_json(r'{"email": "\ud800", "code": "x"}')


def test_a_time_comes_back_without_its_zone() -> None:
    at = datetime(2026, 11, 29, 12, 0, 0, 123456, tzinfo=UTC)
    stored = bson.encode({"at": at})
    assert bson.decode(stored)["at"] == datetime(2026, 11, 29, 12, 0, 0, 123000)  # noqa: DTZ001
    aware: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
    assert bson.decode(stored, codec_options=aware)["at"].tzinfo is not None
    noon = datetime(2026, 11, 29, 12, tzinfo=timezone(timedelta(hours=2)))
    read = bson.decode(bson.encode({"at": noon}), codec_options=aware)["at"]
    assert (read, read.utcoffset()) == (noon, timedelta(0))


@pytest.mark.parametrize("value", [Decimal(1), date(2026, 11, 29), {1}])
def test_bson_does_not_know_each_type(value: Any) -> None:
    with pytest.raises(InvalidDocument, match="cannot encode object"):
        bson.encode({"value": value})


def test_an_integer_has_at_most_eight_bytes() -> None:
    with pytest.raises(OverflowError, match="8-byte ints"):
        bson.encode({"value": 2**63})


def test_insert_one_adds_the_id_to_the_dict(stand_in: StandIn) -> None:
    async def insert() -> dict[str, Any]:
        async with AsyncMongoClient[dict[str, Any]](stand_in.url) as client:
            document: dict[str, Any] = {"name": "tea"}
            await client["shop"]["products"].insert_one(document)
            return document

    assert isinstance(asyncio.run(insert())["_id"], ObjectId)


@pytest.mark.parametrize("old", [{"name": "tea"}, {"name": "t" * 201, "cents": 450}])
def test_a_document_that_lacks_a_field_or_breaks_a_limit_is_a_500(
    stand_in: StandIn, old: dict[str, Any]
) -> None:
    with TestClient(products.app, raise_server_exceptions=False) as client:
        stand_in.documents["products"] = [{"_id": ObjectId(GIVEN), **old}]
        assert client.get(f"/products/{GIVEN}").status_code == 500


def test_a_uuid_needs_a_setting_of_the_client() -> None:
    document = {"value": UUID(int=7)}
    with pytest.raises(ValueError, match=r"cannot encode native uuid\.UUID"):
        bson.encode(document)
    client = AsyncMongoClient[Any](uuidRepresentation="standard", connect=False)
    options = client.codec_options
    data = bson.encode(document, codec_options=options)
    assert bson.decode(data, codec_options=options) == document


def test_the_object_id_type_of_pydantic_1_is_refused() -> None:
    class PyObjectId(ObjectId):
        @classmethod
        def __get_validators__(cls) -> Iterator[Any]:
            yield lambda value, _: ObjectId(value)

        @classmethod
        def __modify_schema__(cls, schema: dict[str, Any]) -> None:
            schema.update(type="string")

    with (
        pytest.warns(PydanticDeprecatedSince20, match="__get_validators__"),
        pytest.raises(
            PydanticUserError, match="`__modify_schema__` method is not supported"
        ),
    ):
        create_model("Product", id=PyObjectId)
