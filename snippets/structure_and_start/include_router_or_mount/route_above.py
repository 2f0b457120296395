from fastapi import FastAPI

app = FastAPI()
reports = FastAPI()


@reports.get("/sales")
def read_sales() -> list[int]:
    return [250]


# --8<-- [start:order]
@app.get("/reports/count")
def count_reports() -> int:
    return 1


app.mount("/reports", reports)
# --8<-- [end:order]
