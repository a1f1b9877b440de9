"""The endpoint of an object store as a process of its own: killed it is away, while its data stays.

`python endpoint.py PORT TARGET_PORT` forwards bytes between two ports of loopback.
"""

import asyncio
import sys
from functools import partial

HOST = "127.0.0.1"


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass  # whoever talks through it notices by itself
    finally:
        sink.close()


async def _forward(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there_reader, there_writer = await asyncio.open_connection(HOST, port)
    await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))


async def main(port: int, target: int) -> None:
    server = await asyncio.start_server(partial(_forward, target), HOST, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
