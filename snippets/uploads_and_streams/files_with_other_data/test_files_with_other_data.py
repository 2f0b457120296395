import asyncio
import io
import json
import shlex
import shutil
import subprocess
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
import requests
from fastapi import Depends, FastAPI, Form, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Json, model_validator

from snippets.uploads_and_streams.files_with_other_data import (
    client,
    file_and_data,
    form_model,
    list_of_objects,
    wrong_client,
    wrong_model_beside_file,
    wrong_parsed_inside,
)

Recorder = Callable[[str, str], None]
ORDER: dict[str, Any] = {
    "customer": "Ada",
    "lines": [{"product": "Lamp", "quantity": 2}],
}
CONTRACT = {"contract": ("lease.pdf", b"%PDF")}


def post(app: FastAPI, path: str, **body: Any) -> Any:
    return TestClient(app, raise_server_exceptions=False).post(path, **body)


def error(response: Any) -> dict[str, Any]:
    assert response.status_code == 422
    [only] = response.json()["detail"]
    assert isinstance(only, dict)
    return only


@pytest.mark.needs(shutil.which("curl"), "curl")
def test_the_commands_send_fields_and_a_document(
    tmp_path: Path, serve: Any, recorded: Recorder
) -> None:
    (tmp_path / "lease.pdf").write_bytes(b"%PDF-1.7")
    script = Path(__file__).with_name("send.sh").read_text().replace("\\\n", "")
    answers = []
    with serve(file_and_data.app) as (address, _):
        for line in script.splitlines()[1:-1]:
            command = shlex.split(line.replace("http://127.0.0.1:8000", address))
            ran = subprocess.run(
                [command[0], "-sS", *command[1:]],
                cwd=tmp_path,
                check=True,
                timeout=30,
                capture_output=True,
                text=True,
            )
            answers.append(ran.stdout)
    recorded("answers.txt", "\n".join(answers))


@pytest.mark.needs(shutil.which("curl"), "curl")
def test_curl_cuts_a_field_at_a_semicolon_unless_it_is_a_form_string(
    serve: Any,
) -> None:
    app = FastAPI()

    @app.post("/text")
    def text(text: Annotated[str, Form()]) -> str:
        return text

    def sent(option: str) -> str:
        command = ["curl", "-sS", option, 'text={"a": "b;c"}', f"{address}/text"]
        ran = subprocess.run(
            command, check=True, timeout=30, capture_output=True, text=True
        )
        received: str = json.loads(ran.stdout)
        return received

    with serve(app) as (address, _):
        assert sent("-F") == '{"a": "b'
        assert sent("--form-string") == '{"a": "b;c"}'


@pytest.mark.needs(shutil.which("curl"), "curl")
def test_curl_sends_the_text_of_a_file_with_a_less_than_sign(
    tmp_path: Path, serve: Any
) -> None:
    (tmp_path / "order.json").write_text(json.dumps(ORDER))
    (tmp_path / "lease.pdf").write_bytes(b"%PDF-1.7")

    def sent(part: str) -> dict[str, Any]:
        command = ["curl", "-sS", "-F", part, "-F", "contract=@lease.pdf"]
        ran = subprocess.run(
            [*command, f"{address}/orders"],
            cwd=tmp_path,
            check=True,
            timeout=30,
            capture_output=True,
        )
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    with serve(file_and_data.app) as (address, _):
        assert sent("order=<order.json") == {"order": ORDER, "size": 8}
        assert sent("order=@order.json")["detail"][0]["type"] == "json_type"


def test_fields_are_converted_and_validated() -> None:
    files = {"file": ("a.pdf", b"1")}
    data = {"title": "Lease", "pages": "0"}
    response = post(file_and_data.app, "/documents", data=data, files=files)
    assert error(response)["loc"] == ["body", "pages"]


def test_the_document_is_validated_with_the_place_of_the_error() -> None:
    for sent, loc, kind in (
        (ORDER | {"lines": [{"product": "x", "quantity": 0}]}, [0], "greater_than"),
        ("{", [], "json_invalid"),
        ("null", [], "model_type"),
        ("{}", [], "missing"),
    ):
        text = sent if isinstance(sent, str) else json.dumps(sent)
        data = {"order": text}
        response = post(file_and_data.app, "/orders", data=data, files=CONTRACT)
        first = response.json()["detail"][0]
        assert response.status_code == 422
        assert first["type"].startswith(kind)
        assert first["loc"][:2] == ["body", "order"]
        assert not loc or first["loc"][2:] == ["lines", 0, "quantity"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_nan_in_the_document_is_a_500_by_default(number: str) -> None:
    data = {"order": f'{{"customer": {number}}}'}
    response = post(file_and_data.app, "/orders", data=data, files=CONTRACT)
    assert response.status_code == 500


def answer_without_input() -> FastAPI:
    app = FastAPI()
    app.post("/orders")(file_and_data.add_order)

    @app.exception_handler(RequestValidationError)
    async def validation_failed(_: Any, error: RequestValidationError) -> JSONResponse:
        keys = ("type", "loc", "msg")
        detail = [{key: e[key] for key in keys} for e in error.errors()]
        return JSONResponse({"detail": detail}, 422)

    return app


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Event loops that have read a file line by line, each time that one did."""
    loops = list[Any]()

    class Watched(tempfile.SpooledTemporaryFile):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            loops.append(asyncio.get_running_loop())
            return super().__iter__()

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", Watched)
    return loops


def test_a_422_reads_a_file_in_its_input_on_the_event_loop(loops: list[Any]) -> None:
    files = CONTRACT | {"order": ("order.json", b"a\n" * 1000)}
    response = post(file_and_data.app, "/orders", files=files)
    assert error(response)["input"]["file"] == {"97": 10}  # from each of the lines
    assert len(loops) == 1
    response = post(answer_without_input(), "/orders", files=files)
    assert error(response)["type"] == "json_type"
    assert len(loops) == 1


def test_a_422_reads_the_files_of_a_form_model_that_lacks_a_field(
    loops: list[Any],
) -> None:
    files = [("photos", (name, b"a\nb\n", "image/png")) for name in ("1.png", "2.png")]
    client = TestClient(form_model.app)
    whole = client.post("/albums", data={"title": "Tea"}, files=files)
    assert whole.status_code == 200
    assert not loops
    response = client.post("/albums", files=files)
    assert response.status_code == 422
    assert error(response)["loc"] == ["body", "title"]
    assert len(loops) == 2


def test_a_file_of_one_line_takes_several_times_its_size_of_memory_in_a_422() -> None:
    size = 4 * 1024 * 1024

    def peak(app: FastAPI) -> int:
        files = CONTRACT | {"order": ("order.json", b"\0" * size)}
        tracemalloc.start()
        try:
            assert post(app, "/orders", files=files).status_code == 422
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(file_and_data.app) - peak(answer_without_input()) > 3 * size


def test_nan_is_a_422_without_input() -> None:
    data = {"order": '{"customer": NaN}'}
    response = post(answer_without_input(), "/orders", data=data, files=CONTRACT)
    assert response.status_code == 422


@pytest.mark.parametrize("app", [file_and_data.app, list_of_objects.app])
def test_a_list_that_is_too_long_is_no_longer_one_error_for_each_object(
    app: FastAPI,
) -> None:
    lines = [dict[str, str]()] * 1000
    data = {"order": json.dumps({"customer": "Ada", "lines": lines})}
    path, files = "/orders", CONTRACT
    if app is list_of_objects.app:
        data, path = {"lines": json.dumps(lines)}, "/lines"
        files = {"receipts": ("a.jpg", b"1")}
    assert error(post(app, path, data=data, files=files))["type"] == "too_long"


def test_without_max_length_each_object_adds_its_errors_to_the_422() -> None:
    app = FastAPI()

    @app.post("/lines")
    def add_lines(lines: Annotated[Json[list[file_and_data.Line]], Form()]) -> None: ...

    data = {"lines": json.dumps([{}] * 1000)}
    response = post(app, "/lines", data=data)
    assert len(response.json()["detail"]) == 2000
    assert len(response.content) > 40 * len(data["lines"])


@pytest.mark.since(fastapi="0.164.0")
@pytest.mark.parametrize(
    ("module", "path", "field"),
    [(form_model, "/albums", "title"), (list_of_objects, "/lines", "lines")],
)
def test_a_file_in_place_of_a_text_is_limited_too(
    module: ModuleType, path: str, field: str
) -> None:
    files = {field: ("a.txt", b"a" * (20 * 1024 * 1024))}
    assert TestClient(module.app).post(path, files=files).status_code == 413


@pytest.mark.since(fastapi="0.164.0")
def test_the_program_refuses_a_body_above_its_limit() -> None:
    files = {"contract": ("lease.pdf", b"1" * (20 * 1024 * 1024))}
    response = post(file_and_data.app, "/orders", data={"order": "1"}, files=files)
    assert response.status_code == 413


def test_the_schema_says_that_the_field_holds_json() -> None:
    schemas = file_and_data.app.openapi()["components"]["schemas"]
    field = schemas["Body_add_order_orders_post"]["properties"]["order"]
    assert field["type"] == "string"
    assert field["contentMediaType"] == "application/json"
    assert field["contentSchema"] == {"$ref": "#/components/schemas/Order"}


def test_the_client_sends_the_document_as_text() -> None:
    response = client.add_order(
        TestClient(file_and_data.app), ORDER, io.BytesIO(b"%PDF")
    )
    assert response.json() == {"order": ORDER, "size": 4}


def test_json_is_dropped_beside_files() -> None:
    response = wrong_client.add_order(
        TestClient(file_and_data.app), ORDER, io.BytesIO(b"%PDF")
    )
    assert error(response)["type"] == "missing"
    assert error(response)["loc"] == ["body", "order"]
    request = requests.Request("POST", "http://test/", json=ORDER, files=CONTRACT)
    body = request.prepare().body
    assert isinstance(body, bytes)
    assert b"Lamp" not in body


def test_a_document_with_a_file_name_is_a_file_and_refused() -> None:
    for name, status in (("blob", 422), (None, 200)):
        part = (name, json.dumps(ORDER), "application/json")
        files: dict[str, Any] = CONTRACT | {"order": part}
        response = post(file_and_data.app, "/orders", files=files)
        assert response.status_code == status
    part = ("blob", json.dumps(ORDER), "application/json")
    files = CONTRACT | {"order": part}
    refused = error(post(file_and_data.app, "/orders", files=files))
    assert refused["type"] == "json_type"
    assert refused["msg"] == "JSON input should be string, bytes or bytearray"


def test_a_form_model_holds_fields_and_several_files() -> None:
    files = [("photos", ("a.jpg", b"1")), ("photos", ("b.jpg", b"2"))]
    data: dict[str, Any] = {"title": "Sea", "tags": ["blue", "wide"]}
    response = post(form_model.app, "/albums", data=data, files=files)
    assert response.json() == data | {"photos": ["a.jpg", "b.jpg"]}
    response = post(form_model.app, "/albums", data=data, files=files[:1])
    assert response.json()["photos"] == ["a.jpg"]
    response = post(form_model.app, "/albums", data=data, files=files * 11)
    assert error(response)["type"] == "too_long"


def test_another_name_such_as_photos_with_brackets_is_missing() -> None:
    files = [("photos[]", ("a.jpg", b"1"))]
    response = post(form_model.app, "/albums", data={"title": "Sea"}, files=files)
    assert error(response)["loc"] == ["body", "photos"]
    assert error(response)["type"] == "missing"


def test_a_list_of_objects_is_one_field() -> None:
    files = [("receipts", ("a.jpg", b"1")), ("receipts", ("b.jpg", b"2"))]
    data = {"lines": json.dumps([{"product": "Lamp", "quantity": 1}] * 3)}
    response = post(list_of_objects.app, "/lines", data=data, files=files)
    assert response.json() == {"lines": 3, "receipts": 2}


def test_a_model_beside_a_file_gets_text_and_refuses_it(recorded: Recorder) -> None:
    data = {"order": json.dumps({"customer": "Ada"})}
    response = post(wrong_model_beside_file.app, "/orders", data=data, files=CONTRACT)
    shown = error(response)
    assert shown["type"] == "model_attributes_type"
    recorded("model_beside_file.json", json.dumps(shown, indent=2))
    data = {"customer": "Ada"}
    response = post(wrong_model_beside_file.app, "/orders", data=data, files=CONTRACT)
    assert error(response)["type"] == "missing"
    response = post(wrong_model_beside_file.app, "/orders", json={"customer": "Ada"})
    assert response.status_code == 422


def test_a_validator_with_json_loads_makes_a_model_stand_beside_a_file() -> None:
    class Order(BaseModel):
        customer: str

        @model_validator(mode="before")
        @classmethod
        def parse(cls, value: Any) -> Any:
            return json.loads(value) if isinstance(value, str) else value

    app = FastAPI()

    @app.post("/orders")
    def add_order(order: Order, contract: UploadFile) -> Order:
        return order

    data = {"order": json.dumps({"customer": "Ada"})}
    response = post(app, "/orders", data=data, files=CONTRACT)
    assert response.json() == {"customer": "Ada"}


def test_a_document_that_the_endpoint_parses_is_a_500_where_it_does_not_fit() -> None:
    for text in ("{", "{}"):
        response = post(
            wrong_parsed_inside.app, "/orders", data={"order": text}, files=CONTRACT
        )
        assert response.status_code == 500
    fits = {"order": '{"customer": "Ada"}'}
    response = post(wrong_parsed_inside.app, "/orders", data=fits, files=CONTRACT)
    assert response.json() == {"customer": "Ada"}


@pytest.mark.since(fastapi="0.158.0")
def test_a_form_model_may_stand_beside_a_file() -> None:
    class Fields(BaseModel):
        title: str

    app = FastAPI()

    @app.post("/documents")
    def add(fields: Annotated[Fields, Form()], file: UploadFile) -> str:
        return fields.title

    files = {"file": ("a.pdf", b"1")}
    response = post(app, "/documents", data={"title": "Lease"}, files=files)
    assert response.json() == "Lease"


def test_a_form_model_does_not_parse_a_model_inside() -> None:
    app = FastAPI()

    @app.post("/orders")
    def add(order: Annotated[file_and_data.Order, Form()]) -> None: ...

    for lines in (ORDER["lines"], ORDER["lines"][0]):
        data = {"customer": "Ada", "lines": json.dumps(lines)}
        assert error(post(app, "/orders", data=data))["loc"] == ["body", "lines", 0]


def test_depends_makes_query_parameters_of_the_fields() -> None:
    class Fields(BaseModel):
        title: str

    app = FastAPI()

    @app.post("/documents")
    def add(fields: Annotated[Fields, Depends()], file: UploadFile) -> str:
        return fields.title

    files = {"file": ("a.pdf", b"1")}
    response = post(app, "/documents", data={"title": "Lease"}, files=files)
    assert error(response)["loc"] == ["query", "title"]
    response = post(app, "/documents", params={"title": "Lease"}, files=files)
    assert response.json() == "Lease"


def test_depends_makes_a_part_of_a_list_of_models() -> None:
    app = FastAPI()

    @app.post("/orders")
    def add(
        order: Annotated[file_and_data.Order, Depends()], contract: UploadFile
    ) -> None: ...

    response = post(app, "/orders", params={"customer": "Ada"}, files=CONTRACT)
    assert error(response)["loc"] == ["body", "lines"]


def test_a_document_above_a_mebibyte_is_refused() -> None:
    data = {"order": json.dumps({"customer": "x" * (1024 * 1024)})}
    response = post(file_and_data.app, "/orders", data=data, files=CONTRACT)
    assert response.status_code == 400
    assert response.json()["detail"] == "Part exceeded maximum size of 1024KB."


def test_the_document_and_the_file_may_be_optional() -> None:
    app = FastAPI()

    @app.post("/orders")
    def add(
        contract: UploadFile | None = None,
        order: Annotated[Json[file_and_data.Order] | None, Form()] = None,
    ) -> list[bool]:
        return [contract is None, order is None]

    assert post(app, "/orders", files=CONTRACT).json() == [False, True]
    data = {"order": json.dumps(ORDER)}
    assert post(app, "/orders", data=data, files=CONTRACT).json() == [False, False]
    assert post(app, "/orders", data=data).json() == [True, False]


@pytest.mark.site
def test_a_browser_sends_a_blob_as_a_file_and_text_as_text(
    serve: Any, in_browser: Any
) -> None:
    app = FastAPI()
    app.post("/orders")(file_and_data.add_order)
    app.get("/")(lambda: None)
    send = """async ([text, asBlob]) => {
      const form = new FormData()
      form.append("order", asBlob ? new Blob([text]) : text)
      form.append("contract", new File(["1234"], "lease.pdf"))
      const answer = await fetch("/orders", {method: "POST", body: form})
      return [answer.status, await answer.text()]
    }"""

    def visit(page: Any, address: str) -> Any:
        page.goto(address)
        text = json.dumps(ORDER)
        return [page.evaluate(send, [text, as_blob]) for as_blob in (False, True)]

    with serve(app) as (address, _):
        as_text, as_blob = in_browser(lambda page: visit(page, address))
    assert as_text[0] == 200
    assert as_blob[0] == 422
    assert '"filename":"blob"' in as_blob[1]
    assert "JSON input should be string" in as_blob[1]
