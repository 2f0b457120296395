from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:default]
@app.get("/pages")
@app.get("/pages/{number}")
async def read_page(number: int = 1) -> int:
    return number


# --8<-- [end:default]
