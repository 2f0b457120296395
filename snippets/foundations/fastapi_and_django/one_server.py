from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path, reverse
from fastapi import FastAPI

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


def orders(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"from": "Django", "url": reverse("orders")})


urlpatterns = [path("orders", orders, name="orders")]

# --8<-- [start:mount]
django_app = get_asgi_application()  # before any import of Django models
app = FastAPI()


@app.get("/api/orders")
async def api_orders() -> list[str]:
    return ["from FastAPI"]


app.mount("/", django_app)  # last: it takes what FastAPI does not have
# --8<-- [end:mount]
