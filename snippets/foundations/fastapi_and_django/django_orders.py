# --8<-- [start:orders]
import json

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


@require_POST
def create_order(request: HttpRequest) -> JsonResponse:
    order = json.loads(request.body)
    pieces = order["boxes"] * 6
    return JsonResponse({"item": order["item"], "pieces": pieces}, status=201)


urlpatterns = [path("orders", create_order)]
app = get_asgi_application()
# --8<-- [end:orders]
