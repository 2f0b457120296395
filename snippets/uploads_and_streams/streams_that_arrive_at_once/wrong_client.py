import httpx2


# --8<-- [start:client]
def show(url: str) -> None:
    response = httpx2.get(url, timeout=60)
    for text in response.iter_text():
        print(text, end="", flush=True)


# --8<-- [end:client]
