"""What schemathesis cannot know of this API: how one signs in, what an SDP offer looks like, and which answers are counted.

Read by `scripts/bench schemathesis`; the environment says where the token is and where the counts go. The token is read from its
file, so that it is in no argument.
"""

import atexit
import json
import os
import random
import urllib.request
from collections import Counter

import schemathesis

ORIGIN = os.environ["HAVATAR_ORIGIN"]
PROOF = os.environ["HAVATAR_PROOF"]
answers = Counter()
errors = []


def token():
    with open(os.environ["HAVATAR_TOKEN_FILE"], encoding="utf-8") as file:
        return file.read().strip()


@schemathesis.auth()
class Proof:
    """The admin's token itself, or the session cookie that it is exchanged for. A case may sign out: then anew."""

    def get(self, case, context):
        if PROOF == "token":
            return {"Authorization": f"Bearer {token()}"}
        request = urllib.request.Request(
            f"{ORIGIN}/api/v1/login",
            data=json.dumps({"token": token()}).encode(),
            headers={"content-type": "application/json", "origin": ORIGIN},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return {"Cookie": response.headers["set-cookie"].split(";")[0], "Origin": ORIGIN}

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), **data}


def offer(chance):
    """An offer as a browser's, damaged in up to four places."""
    tracks = chance.choice([["video"], ["audio"], ["video", "audio"], ["video", "audio", "application"], ["audio"] * 5, []])
    codecs = {"video": ["H264/90000", "VP8/90000", "H265/90000"], "audio": ["opus/48000/2", "PCMU/8000"]}
    lines = ["v=0", "o=- 4004873962 2 IN IP4 0.0.0.0", "s=-", "t=0 0",
             "a=group:BUNDLE " + " ".join(map(str, range(len(tracks)))), "a=msid-semantic:WMS *"]
    for mid, kind in enumerate(tracks):
        if kind == "application":
            lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", f"a=mid:{mid}", "a=sctp-port:5000"]
        else:
            lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {96 + mid}", f"a=mid:{mid}", "a=rtcp-mux",
                      f"a=rtpmap:{96 + mid} {chance.choice(codecs[kind])}"]
            direction = chance.choice(["recvonly", "recvonly", "sendrecv", "sendonly", "inactive", ""])
            lines += [f"a={direction}"] if direction else []
        lines += ["a=ice-ufrag:fuzz", "a=ice-pwd:canaryIcePassword0123456789abcd", "a=setup:actpass",
                  "a=fingerprint:sha-256 " + ":".join(["7B"] * 32)]
    return damaged(lines, chance)


def fragment(chance):
    """A trickled candidate; half of them restart ICE."""
    head = ["a=ice-ufrag:next", "a=ice-pwd:canaryIcePassword0123456789abcd"] if chance.random() < 0.5 else []
    return damaged([*head, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0",
                    "a=candidate:1 1 udp 2130706431 192.0.2.7 35226 typ host", "a=end-of-candidates"], chance)


def damaged(lines, chance):
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(lines) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(lines):
            del lines[at]
        elif kind == 1 and at < len(lines):
            lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
        elif kind == 2 and lines:
            lines.insert(at, chance.choice(lines))
        else:
            lines.insert(at, "a=" + "".join(chr(chance.randrange(1, 0x2000)) for _ in range(chance.randrange(40))))
    return "\r\n".join(lines) + "\r\n"


def media_text(make):
    """Every fourth generated text goes as it is; of the others a text of that kind is made, with the generated one as seed."""

    def serialize(context, value):
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        chance = random.Random(text)
        return (text if chance.random() < 0.25 else make(chance)).encode("utf-8", "surrogatepass")

    return serialize


schemathesis.serializer("application/sdp")(media_text(offer))
schemathesis.serializer("application/trickle-ice-sdpfrag")(media_text(fragment))


@schemathesis.hook
def after_call(context, case, response):
    route = f"{case.operation.method.upper()} {case.operation.path}"
    answers[f"{route} {response.status_code}"] += 1
    if response.status_code == 500 or (response.status_code > 500 and b'"code"' not in response.content):
        errors.append(f"{route}: {response.status_code} {response.content[:300]!r}")


@atexit.register
def leave():
    with open(os.environ["HAVATAR_COUNTS"], "w", encoding="utf-8") as file:
        json.dump({"answers": answers, "errors": errors[:50]}, file)
