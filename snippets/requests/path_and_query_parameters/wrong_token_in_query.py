from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:token]
@app.get("/invoices")
async def list_invoices(token: str) -> list[str]:
    return invoices_of(token)


# --8<-- [end:token]


def invoices_of(token: str) -> list[str]:
    return ["2026-11"]
