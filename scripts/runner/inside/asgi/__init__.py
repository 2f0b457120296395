"""What a server does with an application, by ASGI or WSGI: lifespan, requests and WebSockets, no network."""
