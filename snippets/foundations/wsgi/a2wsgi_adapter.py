# --8<-- [start:mount]
from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from flask import Flask

legacy = Flask(__name__)
app = FastAPI()
app.mount("/legacy", WSGIMiddleware(legacy))
# --8<-- [end:mount]
