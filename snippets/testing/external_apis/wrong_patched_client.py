import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

app = FastAPI()


@app.get("/rates")
def read_rates() -> float:
    response = httpx2.Client().get("https://rates.example.com/v1/rates")
    return float(response.json()["euros"])


# --8<-- [start:check]
def test_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = httpx2.Response(200, json={"euros": 0.92})
    monkeypatch.setattr(httpx2.Client, "request", lambda *a, **k: answer)
    assert TestClient(app).get("/rates").status_code == 200


# --8<-- [end:check]
