"""What robots of this kind are usually driven with, to compare with: Flask and pyserial, POST to bytes on a serial port.

usage: flask_baseline.py SERIAL_PORT HTTP_PORT

`app.run(threaded=True)` is how such servers are started in practice: Werkzeug's own server with a thread for each
connection, HTTP/1.1 so that a browser's connection stays open, as a browser's would. The request is turned into the same
text line that the simulator understands, and written and flushed before the answer.
"""

import logging
import sys
import threading

import serial
from flask import Flask, jsonify, request
from werkzeug.serving import WSGIRequestHandler

port = serial.Serial(sys.argv[1], 115200, timeout=0, write_timeout=1)
lock = threading.Lock()
app = Flask(__name__)


@app.post("/api/drive")
def drive():
    """Writes one set-point; the speeds are those of the two wheels, in mm/s."""
    wish = request.get_json()
    line = f"M {int(wish['left'])} {int(wish['right'])}\n".encode()
    with lock:
        port.write(line)
        port.flush()
    return jsonify(ok=True)


def drain():
    """What the controller says is read and dropped, so that its buffer never fills."""
    while True:
        port.read(4096)
        threading.Event().wait(0.05)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    threading.Thread(target=drain, daemon=True).start()
    print("ready", flush=True)
    app.run(host="127.0.0.1", port=int(sys.argv[2]), threaded=True)
