from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
# --8<-- [start:origins]
PREVIEWS = r"https://pr-[0-9]+\.preview\.example\.com"
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_origin_regex=PREVIEWS,
)
# --8<-- [end:origins]
