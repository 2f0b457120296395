import threading

from fastapi import FastAPI, HTTPException

app = FastAPI()


def print_ticket() -> None:
    """Stand for work that takes a moment."""


# --8<-- [start:order]
tickets = {"left": 1}
tickets_lock = threading.Lock()


@app.post("/tickets", status_code=201)
def buy_ticket() -> dict[str, str]:
    with tickets_lock:  # check and change
        if tickets["left"] == 0:
            raise HTTPException(409, "sold out")
        tickets["left"] -= 1
    try:
        print_ticket()  # slow: outside the lock
    except BaseException:
        with tickets_lock:
            tickets["left"] += 1
        raise
    return {"ticket": "yours"}


# --8<-- [end:order]
