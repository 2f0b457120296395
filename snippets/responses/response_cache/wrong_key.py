from fastapi import FastAPI, Request, Response

from snippets.responses.response_cache.cached_reports import (
    SALES,
    Redis,
    Report,
    User,
    Year,
    cached,
    lifespan,
)

app = FastAPI(lifespan=lifespan)


# --8<-- [start:endpoint]
@app.get("/reports/{year}")
async def read_report(
    request: Request, user: User, year: Year, client: Redis
) -> Response:
    async def make() -> bytes:
        report = Report(year=year, total=sum(SALES[user, year]))
        return report.model_dump_json().encode()

    body = await cached(client, str(request.url), 60, make)
    return Response(body, media_type="application/json")


# --8<-- [end:endpoint]
