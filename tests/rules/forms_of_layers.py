"""Forms of middleware that wraps ``call_next``, right ones and wrong ones, as in ``forms.py``."""

LAYERS = {
    "right_wrapped_calls.py": """
import asyncio

from fastapi import FastAPI, HTTPException, Response
from fastapi.exceptions import HTTPException as StarletteHTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
app.add_middleware(SessionMiddleware, secret_key=KEY)


@app.exception_handler(Exception)
async def failed(request, error):
    response = JSONResponse({}, 500)
    response.headers["Access-Control-Allow-Origin"] = listed_origin(request)
    return response


@app.middleware("http")
async def user_at_the_end(request, call_next):
    try:
        response = await call_next(request)
    finally:
        log(request.session.get("user"))
    return response


@app.middleware("http")
async def user_after_failures(request, call_next):
    try:
        response = await call_next(request)
    except ValueError:
        response = Response(status_code=400)
    request.session["seen"] = True
    return response


@app.middleware("http")
async def user_after_a_timer(request, call_next):
    async with timer():
        response = await call_next(request)
    log(request.session.get("user"))
    return response


@app.middleware("http")
async def user_after_a_choice(request, call_next):
    if request.url.path.startswith("/reports"):
        response = await call_next(request)
    else:
        response = await asyncio.wait_for(call_next(request), 3)
    log(request.session.get("user"))
    return response


@app.middleware("http")
async def user_after_a_limit(request, call_next):
    response = await asyncio.wait_for(call_next(request), 3)
    log(request.session.get("user"))
    return response


@app.middleware("http")
async def user_if_any(request, call_next):
    log(request.session.get("user") if "session" in request.scope else None)
    return await call_next(request)


@app.middleware("http")
async def checked_after(request, call_next):
    try:
        response = await call_next(request)
        check(response)
        return response
    except HTTPException as error:
        return JSONResponse({}, error.status_code)


@app.middleware("http")
async def docs(request, call_next):
    if request.url.path in ("/docs", "/openapi.json"):
        if not signed_in(request):
            return Response(status_code=401)
    return await call_next(request)


@app.middleware("http")
async def docs_in_one_line(request, call_next):
    if request.url.path in ("/docs", "/openapi.json") and not signed_in(request):
        return Response(status_code=401)
    return await call_next(request)


@app.middleware("http")
async def metrics(request, call_next):
    if request.url.path == "/metrics":
        if request.headers.get("Authorization") != SCRAPER:
            return Response(status_code=401)
    return await call_next(request)


@app.middleware("http")
async def internal(request, call_next):
    if request.url.path.startswith("/internal/") and request.headers.get("X-Key") != KEY:
        return JSONResponse({}, 401)
    return await call_next(request)


@app.middleware("http")
async def all_but_preflights(request, call_next):
    if "access-control-request-method" in request.headers:
        return await call_next(request)
    if not signed_in(request):
        return Response(status_code=401)
    return await call_next(request)


@app.middleware("http")
async def token(request, call_next):
    if is_preflight(request):
        return await call_next(request)
    if not signed_in(request):
        return Response(status_code=401)
    return await call_next(request)


class Once(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if not hasattr(self, "routes"):
            self.routes = request.app.routes
        with self.lock:
            self.latest = request.url.path
        return await call_next(request)


class Caught(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        try:
            if request.headers.get("X-Version") != "2":
                raise HTTPException(400)
        except StarletteHTTPException as error:
            return JSONResponse({}, error.status_code)
        finally:
            log(request.url.path)
        return await call_next(request)


class Authenticated(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        try:
            request.state.user = self.authenticate(request)
        except HTTPException as error:
            return JSONResponse({}, error.status_code)
        return await call_next(request)

    def authenticate(self, request):
        if "Authorization" not in request.headers:
            raise HTTPException(401)
        return user_of(request)


class Mounted:
    async def __call__(self, scope, receive, send):
        path = scope["path"]
        await Response(path)(scope, receive, send)


class Immutable:
    async def __call__(self, scope, receive, send):
        path = scope["path"]
        await self.app(scope, receive, with_cache_header(path, send))


app.mount("/path", Mounted())
app.mount("/static", Immutable(StaticFiles(directory="static")))
""",
    "right_reads_after_the_call.py": """
import asyncio

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=KEY)


@app.middleware("http")
async def with_the_error(request, call_next):
    try:
        response = await call_next(request)
    except Exception as error:
        log(error)
        raise
    log(request.session.get("user"))
    return response


@app.middleware("http")
async def after_a_span(request, call_next):
    with span("request") as one:
        one.set_attribute("path", request.url.path)
        response = await call_next(request)
    log(request.session.get("user"))
    return response


@app.middleware("http")
async def after_a_start(request, call_next):
    try:
        start = now()
        response = await call_next(request)
    except Exception:
        log("failed")
        raise
    log(start, request.session.get("user"))
    return response


@app.middleware("http")
async def at_last(request, call_next):
    try:
        request.state.start = now()
        response = await call_next(request)
        return response
    finally:
        log(request.session.get("user"))


@app.middleware("http")
async def where_nothing_failed(request, call_next):
    try:
        response = await call_next(request)
    except Exception:
        log("failed")
        raise
    else:
        log(request.session.get("user"))
    return response


@app.middleware("http")
async def after_a_timeout(request, call_next):
    try:
        async with asyncio.timeout(10):
            response = await call_next(request)
    except TimeoutError:
        return PlainTextResponse("", 504)
    log(request.session.get("user"))
    return response
""",
    "passed_on_once.py": """
from starlette.requests import Request
from starlette.responses import PlainTextResponse


class Replayed:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            request = Request(scope, receive)
            body = await request.body()
            return await self.app(scope, replay(body), send)
        await self.app(scope, receive, send)


class Answered:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            request = Request(scope, receive)
            body = await request.body()
            answer = PlainTextResponse("received")
            return await answer(scope, receive, send)
        await self.app(scope, receive, send)


class ReadTwice:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            request = Request(scope, receive)  # fastapi-24-second-request
            body = await request.body()
            check(body)
            return await self.app(scope, receive, send)
        await self.app(scope, receive, send)
""",
    "caught_and_kept.py": """
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware

app = FastAPI()


@app.middleware("http")
async def of_one_version(request, call_next):
    try:
        if request.headers.get("X-Version") != "2":
            raise HTTPException(400)
    except HTTPException as error:
        return JSONResponse({"detail": error.detail}, error.status_code)
    else:
        return await call_next(request)


class Rates(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if self.rates:
            return await call_next(request)
        self.rates = await load()
        return await call_next(request)


class Last(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        self.user = request.headers.get("X-User")  # fastapi-22-state-on-self
        return await call_next(request)
""",
    "middleware_of_aiohttp.py": """
from aiohttp import web


@web.middleware
async def told_as_json(request, handler):
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.json_response({"error": error.reason}, status=error.status)
""",
    "checks_of_some_paths.py": """
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])


@app.middleware("http")
async def for_the_docs(request, call_next):
    if request.url.path not in ("/docs", "/redoc"):
        return await call_next(request)
    if not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.middleware("http")
async def for_metrics(request, call_next):
    if request.url.path != "/metrics":
        return await call_next(request)
    if not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.middleware("http")  # fastapi-28-token-check-outside-cors
async def all_but_the_docs(request, call_next):
    if request.url.path in ("/docs", "/redoc"):
        return await call_next(request)
    if not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)
""",
    "right_streams_that_fail.py": """
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.post("/answers")
async def answers(prompt: str):
    async def events():
        try:
            yield "event: start"
            async for chunk in model(prompt):
                yield chunk
        except Exception:
            logger.exception("broken off")
            yield "event: error"

    return StreamingResponse(events(), media_type="text/event-stream")


@app.post("/words")
async def words(prompt: str):
    async def lines():
        try:
            yield await first_line(prompt)
        except Exception:
            logger.exception("broken off")

    return StreamingResponse(content=lines(), media_type="text/plain")


async def told(prompt):
    try:
        yield await first_line(prompt)
    except Exception:
        logger.exception("broken off")
        yield "event: error"


@app.post("/lines")
async def read_lines(prompt: str):
    stream = told(prompt)
    return StreamingResponse(stream, media_type="text/plain")
""",
    "wrapped_calls.py": """
from fastapi import FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
app.add_middleware(SessionMiddleware, secret_key=KEY)


@app.middleware("http")
async def early(request, call_next):
    user = request.session.get("user")  # fastapi-21-session-outside
    try:
        return await call_next(request)
    finally:
        log(user)


@app.middleware("http")  # fastapi-28-token-check-outside-cors
async def all_but_the_docs(request, call_next):
    if request.url.path not in ("/docs", "/openapi.json"):
        if not signed_in(request):
            return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.middleware("http")  # fastapi-28-token-check-outside-cors
async def all_but_metrics(request, call_next):
    if request.url.path == "/metrics":
        return await call_next(request)
    if not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.middleware("http")  # fastapi-28-token-check-outside-cors
async def all_but_one(request, call_next):
    if request.url.path != "/docs" and not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.middleware("http")  # fastapi-28-token-check-outside-cors
async def all_but_two(request, call_next):
    if request.url.path not in ("/docs", "/metrics") and not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


class Decoded(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        try:
            decode(request)
        except ValueError:
            raise HTTPException(401)  # fastapi-22-http-exception-in-middleware
        return await call_next(request)


@app.middleware("http")
async def before_some(request, call_next):
    if request.url.path == "/health":
        response = await call_next(request)
    else:
        user = request.session.get("user")  # fastapi-21-session-outside
        response = await call_next(request)
        log(user)
    return response


@app.middleware("http")
async def read_first(request, call_next):
    try:
        user = request.session.get("user")  # fastapi-21-session-outside
        return await call_next(request)
    except ValueError:
        return JSONResponse(user, 400)


@app.middleware("http")
async def logged(request, call_next):
    try:
        response = await call_next(request)
        log(request, response)
        return response
    except HTTPException as error:  # fastapi-21-catching-http-exception
        return JSONResponse({}, error.status_code)


class Own(CORSMiddleware):
    async def __call__(self, scope, receive, send):
        path = scope["path"]  # fastapi-22-no-scope-check
        log(path)
        await super().__call__(scope, receive, send)


class Timed:
    async def __call__(self, scope, receive, send):
        path = scope["path"]  # fastapi-22-no-scope-check
        try:
            await self.app(scope, receive, send)
        finally:
            log(path)
""",
}
