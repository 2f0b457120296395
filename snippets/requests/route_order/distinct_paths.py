from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:order]
@app.delete("/carts/{name}")
async def delete_cart(name: str) -> str:
    return f"deleted cart {name}"


@app.delete("/expired-carts")
async def delete_expired() -> str:
    return "deleted expired carts"


# --8<-- [end:order]
