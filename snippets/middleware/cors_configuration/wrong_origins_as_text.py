import os

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
# --8<-- [start:settings]
# ALLOW_ORIGINS=https://app.example.com,http://…
app.add_middleware(
    CORSMiddleware,
    allow_origins=os.getenv("ALLOW_ORIGINS", ""),
)
# --8<-- [end:settings]
