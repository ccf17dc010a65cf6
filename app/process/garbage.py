"""Garbage that holds itself in circles: among the young it is looked for often, among all seldom.

A search among all stops every thread for as long as there are objects, 100 ms with 4,000 connections, and Python begins one
whenever the old have grown by a quarter: while many clients come, again and again. Next to all garbage dies young.
"""

from __future__ import annotations

import asyncio
import gc

SECONDS = 300.0  # from one search among all to the next
_NEVER = 2**30


async def search_seldom() -> None:
    """Search so until cancelled."""
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], _NEVER)
    try:
        while True:
            await asyncio.sleep(SECONDS)
            gc.collect()
    finally:
        gc.set_threshold(*before)
