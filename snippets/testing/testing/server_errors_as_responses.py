# --8<-- [start:check]
from fastapi import FastAPI
from fastapi.testclient import TestClient

app = FastAPI()


@app.get("/share/{total}")
async def share(total: int) -> float:
    return 100 / total


def test_share_of_zero() -> None:
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/share/0").status_code == 500


# --8<-- [end:check]
