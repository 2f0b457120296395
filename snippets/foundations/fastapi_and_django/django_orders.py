# --8<-- [start:orders]
import json

from django import forms
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


class OrderForm(forms.Form):
    item = forms.CharField(max_length=50)
    boxes = forms.IntegerField(min_value=1, max_value=100)


@csrf_exempt  # nothing here is done in the name of a cookie
@require_POST
def create_order(request: HttpRequest) -> JsonResponse:
    try:
        data = json.loads(request.body)
        form = OrderForm(data if isinstance(data, dict) else None)
        form.is_valid()
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or too deep
        form = OrderForm()
    if not form.is_bound:
        return JsonResponse({"body": ["Send a JSON object."]}, status=422)
    if not form.is_valid():
        return JsonResponse(form.errors, status=422)
    order = form.cleaned_data
    receipt = {"item": order["item"], "pieces": order["boxes"] * 6}
    return JsonResponse(receipt, status=201)


urlpatterns = [path("orders", create_order)]
app = get_asgi_application()
# --8<-- [end:orders]
