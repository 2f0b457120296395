# --8<-- [start:program]
import faulthandler
import time

from fastapi import FastAPI

faulthandler.enable()  # a killed worker prints where its threads were
app = FastAPI()


def rows_of_the_year() -> int:
    time.sleep(60)  # a driver or an SDK that blocks
    return 12


# --8<-- [start:endpoint]
@app.get("/report")
def report() -> int:  # def: it runs in a thread, beside the event loop
    return rows_of_the_year()


# --8<-- [end:endpoint]
# --8<-- [end:program]
