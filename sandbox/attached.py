"""A process that ends with the one that started it: its standard input closes then, however that one went."""

import asyncio
import os
import threading
from contextlib import suppress


def on_end_of_input(stop: asyncio.Event) -> None:
    """Set `stop` once standard input closes."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        # Not sys.stdin: a thread that waits in it keeps the interpreter from ending.
        while os.read(0, 1024):
            pass
        with suppress(RuntimeError):  # the loop has closed: the process ends already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read, name="end-of-input", daemon=True).start()
