"""The pages behind an event loop: bodies are read and answers are sent beside the threads.

granian speaks HTTP. Its threads for WSGI would wait for each client's body and reading, so that four
clients who send nothing stop every page. Here a thread gets a request when its body is complete, and
gives its answer away at its own speed.
"""
