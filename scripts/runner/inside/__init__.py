"""What runs a program inside the browser's interpreter: one thread, no socket. It runs in CPython too.

It uses private names of asyncio and AnyIO, which the locks pin; its tests run in both interpreters.
"""
