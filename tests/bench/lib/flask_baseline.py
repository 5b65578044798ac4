"""What robots of this kind are usually driven with, to compare with: Flask and pyserial, POST to bytes on a serial port.

usage: flask_baseline.py SERIAL_PORT HTTP_PORT

`app.run(threaded=True)` is how such servers are started in practice: Werkzeug's own server, a thread for each connection, and
a connection for each request. The request is turned into a text line that the simulator understands, and written
before the answer.
"""

import logging
import sys
import threading

import serial
from flask import Flask, jsonify, request

port = serial.Serial(sys.argv[1], 115200, timeout=1, write_timeout=1)
lock = threading.Lock()
app = Flask(__name__)


@app.post("/api/drive")
def drive():
    """Writes one set-point; the speeds are those of the two wheels, in mm/s."""
    wish = request.get_json()
    line = f"M {int(wish['left'])} {int(wish['right'])}\n".encode()
    with lock:
        port.write(line)
    return jsonify(ok=True)


def drain():
    """What the controller says is read and dropped, so that its buffer never fills."""
    while True:
        port.read(4096)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    threading.Thread(target=drain, daemon=True).start()
    print("ready", flush=True)
    app.run(host="127.0.0.1", port=int(sys.argv[2]), threaded=True)
