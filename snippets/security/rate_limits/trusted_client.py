from fastapi import Request


# --8<-- [start:client]
def client_of(request: Request) -> str:
    # uvicorn --forwarded-allow-ips <address of the proxy>
    return request.client.host if request.client else "unknown"
    # --8<-- [end:client]
