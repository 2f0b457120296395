import unittest

from fastapi.testclient import TestClient

from snippets.testing.testing.orders_api import app


# --8<-- [start:tests]
class Orders(unittest.TestCase):
    def test_closed(self) -> None:
        response = TestClient(app).post("/orders", params={"number": 0})
        self.assertEqual(response.status_code, 409)


# --8<-- [end:tests]
