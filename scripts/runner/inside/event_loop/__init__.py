"""An event loop without threads and sockets, and what takes the place of threads in it."""
