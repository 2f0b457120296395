# --8<-- [start:links]
from fastapi import FastAPI, Request

reports = FastAPI()


@reports.get("/sales")
def read_sales(request: Request) -> str:
    return str(request.url_for("reports:read_sales"))


app = FastAPI()
app.mount("/reports", reports, name="reports")
# --8<-- [end:links]
