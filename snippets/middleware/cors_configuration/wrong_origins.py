from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
# --8<-- [start:origins]
app.add_middleware(
    CORSMiddleware,
    allow_origins=[
        "https://app.example.com/",  # slash
        "app.example.com",  # no scheme
        "https://*.example.com",  # glob
        r"https://.+\.example\.com",  # regex
    ],
)
# --8<-- [end:origins]
