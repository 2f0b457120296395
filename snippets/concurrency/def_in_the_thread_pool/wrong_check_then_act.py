from fastapi import FastAPI, HTTPException

app = FastAPI()


def print_ticket() -> None:
    """Stand for work that takes a moment."""


# --8<-- [start:order]
tickets = {"left": 1}


@app.post("/tickets", status_code=201)
def buy_ticket() -> dict[str, str]:
    if tickets["left"] == 0:
        raise HTTPException(409, "sold out")
    print_ticket()  # another thread checks
    tickets["left"] -= 1
    return {"ticket": "yours"}


# --8<-- [end:order]
