import asyncio
import json
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from hashlib import scrypt
from types import ModuleType
from typing import Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, WebSocket
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import EventSourceResponse, JSONResponse
from fastapi.sse import ServerSentEvent
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, computed_field
from sqlalchemy import event
from sqlalchemy.orm import Session

from snippets.responses.response_filtering import (
    filtered,
    filtered_list,
    filtered_stream,
    loaded_relationship,
    returned_object,
    what_is_sent,
    wrong_exclude_list,
    wrong_lazy_load,
    wrong_no_response_model,
    wrong_returned_response,
    wrong_stream,
)


def client(endpoint: Any, **options: Any) -> TestClient:
    app = FastAPI()
    app.get("/", **options)(endpoint)
    return TestClient(app)


def test_without_a_response_model_the_hash_is_sent(recorded: Any) -> None:
    text = TestClient(wrong_no_response_model.app).get("/users/ada").text
    assert "$argon2id$" in text
    recorded("leak.json", text)


def test_fields_that_the_return_type_does_not_name_are_dropped(
    recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtered, "users", {})
    tester = TestClient(filtered.app)
    body = {"name": "ada", "password": "correct horse"}
    texts = []
    for method, path in [("POST", "/users"), ("GET", "/users/ada")]:
        answer = tester.request(method, path, json=body if method == "POST" else None)
        texts.append(f"{method} {path}\n{answer.status_code}  {answer.text}")
    assert "hashed_password" in filtered.users["ada"].model_dump()
    recorded("answers.txt", "\n\n".join(texts))
    assert tester.post("/users", json=body).status_code == 409
    assert tester.get("/users/bob").status_code == 404


def test_the_hash_costs_what_owasp_asks_of_scrypt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []

    def watched(password: bytes, **options: Any) -> bytes:
        asked.append(options)
        return scrypt(password, **options)

    monkeypatch.setattr(filtered, "scrypt", watched)
    assert filtered.hashed("correct horse") != filtered.hashed("correct horse")
    least_p = {2**17: 1, 2**16: 2, 2**15: 3, 2**14: 5, 2**13: 10}
    for options in asked:
        assert options["r"] == 8
        assert options["p"] >= least_p[options["n"]]


def test_the_schema_of_the_answer_does_not_name_the_hash_or_the_password() -> None:
    schemas = filtered.app.openapi()["components"]["schemas"]
    assert set(schemas["UserOut"]["properties"]) == {"name"}
    assert "UserInDB" not in schemas


def test_an_extra_key_of_a_dict_is_500_where_the_model_forbids_it() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str

    options = {"response_model": Strict}
    with pytest.raises(ResponseValidationError, match="extra_forbidden"):
        client(lambda: {"name": "ada", "hash": "SECRET"}, **options).get("/")


def test_all_loaded_columns_of_a_row_are_sent_without_a_model() -> None:
    app = FastAPI()

    @app.get("/")
    def endpoint():  # type: ignore[no-untyped-def]
        return loaded_relationship.User(id=1, name="ada", hashed_password="$")

    assert TestClient(app).get("/").json() == {
        "id": 1,
        "name": "ada",
        "hashed_password": "$",
    }


def test_all_in_the_exclude_reaches_into_a_list() -> None:
    def endpoint() -> list[what_is_sent.UserInDB]:
        return [what_is_sent.ADA]

    exclude = {"__all__": {"hash"}}
    tester = client(endpoint, response_model_exclude=exclude)
    assert tester.get("/").json() == [{"name": "ada"}]


def test_messages_of_a_websocket_are_not_filtered() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json(what_is_sent.ADA.model_dump())

    with TestClient(app).websocket_connect("/ws") as socket:
        assert "SECRET" in socket.receive_text()


def test_the_text_of_an_http_exception_is_not_filtered() -> None:
    def endpoint() -> what_is_sent.User:
        raise HTTPException(400, what_is_sent.ADA.model_dump())

    assert "SECRET" in client(endpoint).get("/").text


def test_a_returned_object_is_filtered_by_the_response_model() -> None:
    answer = TestClient(returned_object.app).get("/users/ada")
    assert answer.json() == {"name": "ada"}


def test_a_returned_response_bypasses_the_response_model() -> None:
    assert "hashed" in TestClient(wrong_returned_response.app).get("/users/ada").text


def test_response_model_does_not_filter_what_is_yielded() -> None:
    assert "hashed" in TestClient(wrong_stream.app).get("/users").text


def test_the_annotated_item_type_filters_what_is_yielded() -> None:
    assert TestClient(filtered_stream.app).get("/users").text == '{"name":"ada"}\n'


def test_a_user_who_is_added_meanwhile_does_not_break_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = filtered_stream.users["ada"]
    users = {"ada": ada, "bob": ada}
    monkeypatch.setattr(filtered_stream, "users", users)

    async def names() -> list[str]:
        sent = []
        async for user in filtered_stream.stream_users():
            users["eve"] = ada  # by another request
            sent.append(user.name)
        return sent

    assert asyncio.run(names()) == ["ada", "ada"]


def test_exclude_filters_what_is_yielded_where_a_type_is_declared() -> None:
    app = FastAPI()

    @app.get("/users", response_model_exclude={"hashed_password"})
    async def users() -> AsyncIterator[filtered_stream.UserInDB]:
        yield filtered_stream.users["ada"]

    assert TestClient(app).get("/users").text == '{"name":"ada"}\n'


def test_exclude_does_not_reach_into_a_list() -> None:
    assert "hashed" in TestClient(wrong_exclude_list.app).get("/users").text


def test_a_list_of_the_smaller_model_is_filtered() -> None:
    assert TestClient(filtered_list.app).get("/users").json() == [{"name": "ada"}]


def test_what_is_sent_depends_on_the_declared_type(recorded: Any) -> None:
    tester = TestClient(what_is_sent.app)
    lines = [
        f"{name:27} {tester.get(f'/{number}').text}"
        for number, name in enumerate(what_is_sent.RESULTS)
    ]
    recorded("what_is_sent.txt", "\n".join(lines))


def test_a_nested_subclass_is_sent_as_declared_too() -> None:
    class Team(BaseModel):
        lead: what_is_sent.User

    def endpoint() -> Team:
        return Team(lead=what_is_sent.ADA)

    assert client(endpoint).get("/").json() == {"lead": {"name": "ada"}}


@pytest.mark.since(pydantic="2.13.0")
def test_polymorphic_serialization_sends_the_subclass() -> None:
    class Base(BaseModel):
        model_config = ConfigDict(polymorphic_serialization=True)
        name: str

    class Full(Base):
        hash: str = "SECRET"

    def endpoint() -> Base:
        return Full(name="ada")

    assert "SECRET" in client(endpoint).get("/").text


def test_base_model_as_the_type_sends_nothing() -> None:
    def endpoint() -> BaseModel:
        return what_is_sent.ADA

    assert client(endpoint).get("/").json() == {}


def test_exclude_needs_the_nested_path_and_ignores_a_wrong_name() -> None:
    class Team(BaseModel):
        lead: what_is_sent.UserInDB

    def endpoint() -> Team:
        return Team(lead=what_is_sent.ADA)

    def leaks(exclude: Any) -> bool:
        tester = client(endpoint, response_model_exclude=exclude)
        return "SECRET" in tester.get("/").text

    assert leaks({"hash"})
    assert leaks({"lead": {"hsah"}})
    assert not leaks({"lead": {"hash"}})


def test_exclude_in_the_decorator_stays_in_the_schema() -> None:
    def endpoint() -> what_is_sent.UserInDB:
        return what_is_sent.ADA

    tester = client(endpoint, response_model_exclude={"hash"})
    assert tester.get("/").json() == {"name": "ada"}
    assert '"hash"' in tester.get("/openapi.json").text


def test_exclude_on_the_field_is_out_of_the_output_schema() -> None:
    def endpoint() -> what_is_sent.Marked:
        return what_is_sent.Marked(name="ada")

    def several() -> list[what_is_sent.Marked]:
        return [what_is_sent.Marked(name="ada")]

    tester = client(endpoint)
    assert tester.get("/").json() == {"name": "ada"}
    assert '"hash"' not in tester.get("/openapi.json").text
    assert client(several).get("/").json() == [{"name": "ada"}]


def test_a_changed_instance_is_not_checked_again() -> None:
    def endpoint() -> what_is_sent.User:
        user = what_is_sent.User(name="ada")
        user.name = 5  # type: ignore[assignment]
        return user

    with pytest.warns(UserWarning, match="Expected `str`"):
        assert client(endpoint).get("/").json() == {"name": 5}


def test_objects_are_read_without_from_attributes_in_the_model() -> None:
    def endpoint() -> Any:
        return what_is_sent.Row()

    assert client(endpoint, response_model=what_is_sent.User).get("/").json() == {
        "name": "ada"
    }
    with pytest.raises(ValueError, match="model_type"):
        what_is_sent.User.model_validate(what_is_sent.Row())


def test_only_the_fields_of_the_model_are_read_from_an_object() -> None:
    read: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> str:
            if name.startswith("_"):
                raise AttributeError(name)
            read.append(name)
            return "ada"

    def endpoint() -> Any:
        return Watched()

    client(endpoint, response_model=what_is_sent.User).get("/")
    assert set(read) == {"name"}


@pytest.mark.parametrize("asynchronous", [True, False])
def test_an_object_is_read_on_the_event_loop_for_async_def_and_in_a_thread_for_def(
    asynchronous: bool,
) -> None:
    read: list[threading.Thread] = []
    loop: list[threading.Thread] = []

    class Watched:
        @property
        def name(self) -> str:
            read.append(threading.current_thread())
            return "ada"

    async def on_loop() -> Any:
        loop.append(threading.current_thread())
        return Watched()

    async def dependency() -> None:
        loop.append(threading.current_thread())

    def in_thread() -> Any:
        return Watched()

    endpoint = on_loop if asynchronous else in_thread
    options = {"response_model": what_is_sent.User}
    client(endpoint, dependencies=[Depends(dependency)], **options).get("/")
    assert (read[0] is loop[0]) is asynchronous


def test_data_of_a_server_sent_event_is_not_filtered() -> None:
    async def endpoint() -> AsyncIterable[ServerSentEvent]:
        yield ServerSentEvent(data=what_is_sent.ADA)

    async def plain() -> AsyncIterable[what_is_sent.User]:
        yield what_is_sent.ADA

    options = {"response_class": EventSourceResponse}
    assert "SECRET" in client(endpoint, **options).get("/").text
    assert "SECRET" not in client(plain, **options).get("/").text


def test_a_named_response_class_filters_just_the_same() -> None:
    def endpoint() -> what_is_sent.User:
        return what_is_sent.ADA

    tester = client(endpoint, response_class=JSONResponse)
    assert tester.get("/").json() == {"name": "ada"}


def test_a_computed_field_of_the_declared_type_is_sent() -> None:
    class Shown(what_is_sent.User):
        @computed_field
        def initial(self) -> str:
            return self.name[0]

    def endpoint() -> Shown:
        return Shown(name="ada")

    assert client(endpoint).get("/").json() == {"name": "ada", "initial": "a"}


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    module: ModuleType = request.param
    module.Base.metadata.create_all(module.engine)
    with Session(module.engine) as session:
        post = module.Post(title="On engines")
        session.add(module.User(id=1, name="ada", hashed_password="$", posts=[post]))
        session.commit()
    yield module
    module.engine.dispose()


@pytest.mark.parametrize("database", [wrong_lazy_load], indirect=True)
def test_a_relationship_is_loaded_by_the_response_model(
    database: ModuleType, recorded: Any
) -> None:
    with pytest.raises(ResponseValidationError) as caught:
        TestClient(database.app).get("/users/1")
    message: str = caught.value.errors()[0]["msg"]
    before, _, after = message.partition(" at 0x")
    text = f"{before}{after[after.index('>') :]}"
    recorded("lazy_load.txt", text.replace(": ", ":\n").replace(" (Back", "\n(Back"))


@pytest.mark.parametrize("database", [loaded_relationship], indirect=True)
def test_a_relationship_that_was_loaded_with_the_row_is_sent(
    database: ModuleType,
) -> None:
    tester = TestClient(database.app)
    answer = tester.get("/users/1")
    assert answer.json() == {"name": "ada", "posts": [{"title": "On engines"}]}
    assert tester.get("/users/2").status_code == 404


@pytest.mark.parametrize(
    "database", [wrong_lazy_load, loaded_relationship], indirect=True
)
def test_an_id_that_no_column_can_hold_is_a_422(database: ModuleType) -> None:
    tester = TestClient(database.app)
    for number in (2**63, -(2**63) - 1):  # SQLite: OverflowError
        assert tester.get(f"/users/{number}").status_code == 422


@pytest.mark.parametrize("database", [wrong_lazy_load], indirect=True)
def test_with_an_open_session_the_response_model_sends_queries(
    database: ModuleType,
) -> None:
    app = FastAPI()
    statements: list[str] = []

    def session() -> Iterator[Session]:
        with Session(database.engine) as opened:
            yield opened

    @app.get("/", response_model=database.UserOut)
    def endpoint(session: Any = Depends(session)) -> Any:  # noqa: B008, FAST002
        user = session.get(database.User, 1)
        statements.append("returned")
        return user

    def note(*arguments: Any) -> None:
        statements.append(arguments[2].split()[0])

    event.listen(database.engine, "before_cursor_execute", note)
    assert TestClient(app).get("/").json()["posts"] == [{"title": "On engines"}]
    assert statements == ["SELECT", "returned", "SELECT"]


def test_extra_fields_of_an_instance_are_sent_where_the_model_allows_them() -> None:
    def endpoint() -> what_is_sent.Open:
        return what_is_sent.Open.model_validate(what_is_sent.DICT)

    assert "SECRET" in client(endpoint).get("/").text


def test_a_model_that_has_the_secret_field_sends_it() -> None:
    def endpoint() -> what_is_sent.UserInDB:
        return what_is_sent.ADA

    assert "SECRET" in client(endpoint).get("/").text


def test_exclude_does_nothing_without_a_declared_type() -> None:
    def endpoint():  # type: ignore[no-untyped-def]
        return what_is_sent.ADA

    tester = client(endpoint, response_model_exclude={"hash"})
    assert "SECRET" in tester.get("/").text


def test_a_422_repeats_the_rejected_password() -> None:
    body = {"name": "ada", "password": "my-secret"}
    answer = TestClient(filtered.app).post("/users", json=body)
    assert (answer.status_code, "my-secret" in answer.text) == (422, True)


def test_a_wrong_type_carries_its_value_alone_into_the_error() -> None:
    with pytest.raises(ResponseValidationError) as caught:
        client(
            lambda: {"name": 5, "hash": "SECRET"}, response_model=what_is_sent.User
        ).get("/")
    assert [error["input"] for error in caught.value.errors()] == [5]


def test_a_missing_field_carries_the_whole_object_into_the_error() -> None:
    def endpoint() -> Any:
        return {"nam": "ada", "hash": "SECRET"}

    with pytest.raises(ResponseValidationError) as caught:
        client(endpoint, response_model=what_is_sent.User).get("/")
    assert "SECRET" in str(caught.value)
    assert "SECRET" in json.dumps(caught.value.errors())
