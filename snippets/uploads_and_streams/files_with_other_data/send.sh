# --8<-- [start:commands]
curl -F "title=Lease" -F "pages=4" -F "file=@lease.pdf" \
  http://127.0.0.1:8000/documents
curl -F "contract=@lease.pdf" --form-string \
  'order={"customer": "Ada", "lines": [{"product": "Lamp", "quantity": 2}]}' \
  http://127.0.0.1:8000/orders
# --8<-- [end:commands]
