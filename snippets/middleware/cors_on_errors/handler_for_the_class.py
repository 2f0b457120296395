from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])


# --8<-- [start:handler]
class ReportError(Exception):
    """Base of what can go wrong with a report."""


@app.exception_handler(ReportError)
async def report_failed(request: Request, error: ReportError) -> JSONResponse:
    return JSONResponse({"detail": "No report today"}, 503)


# --8<-- [end:handler]


class SourceMissing(ReportError): ...


@app.get("/report")
def report() -> int:
    raise SourceMissing
