# --8<-- [start:program]
from websockets.sync.client import connect


def talk(url: str) -> None:
    with connect(url) as socket:
        for text in ("hi", "bye"):
            socket.send(text)
            print(text, "->", socket.recv())


if __name__ == "__main__":
    talk("ws://127.0.0.1:8000/echo")
# --8<-- [end:program]
