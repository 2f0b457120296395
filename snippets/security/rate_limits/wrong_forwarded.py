from fastapi import Request


# --8<-- [start:client]
def client_of(request: Request) -> str:
    forwarded = request.headers.get("X-Forwarded-For", "unknown")
    return forwarded.split(",")[0]
    # --8<-- [end:client]
