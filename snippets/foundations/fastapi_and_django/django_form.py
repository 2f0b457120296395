import json

from django import forms
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


# --8<-- [start:orders]
class OrderForm(forms.Form):
    item = forms.CharField(max_length=50)
    boxes = forms.IntegerField(min_value=1)


@require_POST
def create_order(request: HttpRequest) -> JsonResponse:
    form = OrderForm(json.loads(request.body))
    if not form.is_valid():
        return JsonResponse(form.errors, status=422)
    pieces = form.cleaned_data["boxes"] * 6
    item = form.cleaned_data["item"]
    return JsonResponse({"item": item, "pieces": pieces}, status=201)


# --8<-- [end:orders]
urlpatterns = [path("orders", create_order)]
app = get_asgi_application()
