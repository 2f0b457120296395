import httpx2


# --8<-- [start:client]
def show(url: str) -> None:
    timeout = httpx2.Timeout(10, read=60)
    with httpx2.stream("GET", url, timeout=timeout) as response:
        response.raise_for_status()
        for text in response.iter_text():
            print(text, end="", flush=True)


# --8<-- [end:client]
