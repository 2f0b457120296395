from django import setup
from django.conf import settings
from django.db import close_old_connections, models
from fastapi import FastAPI

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "orders.sqlite3"}
settings.configure(DATABASES={"default": SQLITE})
setup()
app = FastAPI()


class Order(models.Model):
    item = models.CharField(max_length=50)

    class Meta:
        app_label = "shop"
        db_table = "orders"


# --8<-- [start:count]
@app.get("/orders/count")
def count_orders() -> int:
    close_old_connections()
    try:
        return Order.objects.count()
    finally:
        close_old_connections()


# --8<-- [end:count]
