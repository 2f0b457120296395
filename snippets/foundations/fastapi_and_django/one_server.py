# --8<-- [start:mount]
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path, reverse
from fastapi import FastAPI

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


def orders(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"from": "Django", "url": reverse("orders")})


urlpatterns = [path("orders", orders, name="orders")]
django_app = get_asgi_application()  # runs django.setup()
app = FastAPI()


@app.get("/api/orders")
async def api_orders() -> dict[str, str]:
    return {"from": "FastAPI"}


app.mount("/django", django_app)
# --8<-- [end:mount]
