"""The files for the browser: the interpreter and its libraries, from the locks, in archives."""
