# --8<-- [start:mount]
from fastapi import FastAPI
from fastapi.middleware.wsgi import WSGIMiddleware
from flask import Flask

legacy = Flask(__name__)
app = FastAPI()
app.mount("/legacy", WSGIMiddleware(legacy))
# --8<-- [end:mount]
