from fastapi import FastAPI, HTTPException

app = FastAPI()


def connect() -> list[str]:
    raise ConnectionError("cannot reach orders-db-3.internal as user 'admin'")


# --8<-- [start:endpoint]
@app.get("/orders")
def list_orders() -> list[str]:
    try:
        return connect()
    except Exception as e:
        raise HTTPException(500, str(e)) from e


# --8<-- [end:endpoint]
