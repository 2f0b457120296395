"""A request to an application that no recorded exchange asks for: its first path operation, with examples."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from .examples import Examples
from .text import Request

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def http_request(document: dict[str, Any], path: str, method: str) -> Request:
    """Return a request to an operation of an OpenAPI ``document``, with what it requires."""
    operation = document["paths"][path][method]
    examples = Examples(document)
    query, headers, cookies = (list[tuple[str, str]]() for _ in range(3))
    target = path
    for parameter in operation.get("parameters", []):
        value = examples.of(parameter.get("schema", {}))
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            target = target.replace(f"{{{name}}}", quote(_as_text(value), safe=""))
        elif parameter.get("required"):
            values = value if isinstance(value, list) else [value]
            pairs = [(name, _as_text(one)) for one in values]
            {"query": query, "header": headers, "cookie": cookies}[place].extend(pairs)
    target = re.sub(r"\{(\w+)(:path)?\}", r"\1", target)
    if cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    request = Request(method.upper(), target + (f"?{urlencode(query)}" if query else ""), headers)
    content = operation.get("requestBody", {}).get("content", {})
    for kind, media in content.items():
        value = examples.of(media.get("schema", {}))
        if kind == FORM:
            request.headers.append(("Content-Type", FORM))
            request.body = urlencode(value if isinstance(value, dict) else {})
        elif kind == MULTIPART:
            request.headers.append(("Content-Type", f"{MULTIPART}; boundary=part"))
            request.body = _multipart(value, media.get("schema", {}), examples)
        else:
            request.body = json.dumps(value)
        break
    return request


def _multipart(value: Any, schema: dict[str, Any], examples: Examples) -> str:
    if reference := schema.get("$ref"):
        schema = examples.schemas.get(reference.rpartition("/")[2], {})
    lines = list[str]()
    for name, one in (value if isinstance(value, dict) else {}).items():
        described = json.dumps(schema.get("properties", {}).get(name, {}))
        is_file = '"binary"' in described or "contentMediaType" in described
        for part in one if isinstance(one, list) else [one]:
            file = '; filename="note.txt"' if is_file else ""
            lines += ["--part", f'Content-Disposition: form-data; name="{name}"{file}']
            lines += ["Content-Type: text/plain"] if is_file else []
            lines += ["", "text of a file" if is_file else _as_text(part)]
    return "\n".join([*lines, "--part--", ""])


def suggestions(app: Any) -> list[tuple[Request, Any]]:
    """Return a request to each path operation and WebSocket, with the function it leads to."""
    found = list[tuple[Request, Any]]()
    document: dict[str, Any] = app.openapi() if hasattr(app, "openapi") else {"paths": {}}
    for route in _routes(app):
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None)
        endpoint = getattr(route, "endpoint", None)
        if endpoint is None or getattr(endpoint, "__module__", "").startswith("fastapi."):
            continue
        if methods is None:
            target = re.sub(r"\{(\w+)(:\w+)?\}", "1", path)
            found.append((Request("WEBSOCKET", target, body="hi\nbye"), endpoint))
        for method in sorted(methods or (), key=lambda name: name == "HEAD"):
            documented = re.sub(r":\w+\}", "}", path)
            if method.lower() in document["paths"].get(documented, {}):
                found.append((http_request(document, documented, method.lower()), endpoint))
            else:
                target = re.sub(r"\{(\w+)(:\w+)?\}", "1", path)
                found.append((Request(method, target), endpoint))
    if rules := getattr(app, "url_map", None):  # of Flask
        for rule in (rule for rule in rules.iter_rules() if rule.endpoint != "static"):
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                target = re.sub(r"<(\w+:)?\w+>", "1", rule.rule)
                request = Request(method, target, body="" if method == "GET" else "{}")
                found.append((request, app.view_functions[rule.endpoint]))
    return found


def suggested(app: Any, lines: tuple[int, int] | None) -> Request:
    """Return a request to the first path operation, or to that in the ``lines`` that the page shows."""
    found = suggestions(app)
    for request, endpoint in found:
        code = getattr(endpoint, "__code__", None)
        if lines and code and lines[0] <= code.co_firstlineno <= lines[1]:
            return request
    return found[0][0] if found else Request("GET", "/")


def _routes(app: Any) -> list[Any]:
    """Return the routes of an application, those of included routers too."""
    listed = list[Any]()
    for route in getattr(app, "routes", []):
        inner = getattr(route, "routes", None)
        included = getattr(route, "effective_route_contexts", None)
        if included:
            listed += [context.starlette_route or context for context in included()]
        elif inner and not getattr(route, "endpoint", None):
            listed += _routes(route) if type(route).__name__ != "Mount" else []
        else:
            listed.append(route)
    return listed
