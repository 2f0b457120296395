from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:converter]
@app.get("/users/{user_id:int}")
async def read_user(user_id: int) -> str:
    return f"user {user_id}"


@app.get("/users/{name}")
async def read_user_by_name(name: str) -> str:
    return f"user named {name}"


# --8<-- [end:converter]


@app.get("/orders/{order_id:int}")
async def read_order(order_id: int) -> int:
    return order_id
