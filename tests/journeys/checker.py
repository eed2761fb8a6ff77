"""The checker in a real browser: how a visitor opens it, what it answers, and its modules asked directly for many texts at once."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image
from visitors import Visitor

from licensing.licences.verdict import Verdict
from licensing.settings import Settings
from licensing.trust import status_token
from licensing.trust.private_keys import open_key, sign_raw
from licensing.trust.status_token import StatusClaims
from licensing.trust.trust_list import TrustList

CHECKER = "/check/"
FRAME = (1280, 720)

_PART = 'const part = (name) => import(new URL(name, document.querySelector("script[type=module]").src).href);'
_JUDGE = f"""async ({{ texts, trust, tokens, keys, now }}) => {{
  {_PART}
  const [bytes, cose, judging, showing, lists, statuses] = await Promise.all(
    ["./bytes.js", "./cose.js", "./judge.js", "./result.js", "./trust.js", "./status.js"].map(part));
  const table = JSON.parse(document.getElementById("checker").dataset.carried);
  const root = {{ key: bytes.fromBase64(table.root.key), id: bytes.fromBase64(table.root.id) }};
  const opened = await lists.openTrustList(bytes.fromBase64(trust), root);
  for (const [kid, spki, twin] of keys) {{
    const like = opened.keys.find((key) => key.purpose === "qr" && key.kid === twin);
    const key = await cose.importKey(bytes.fromBase64(spki));
    opened.keys.push(Object.assign(Object.create(Object.getPrototypeOf(like)), like, {{ kid, key }}));
  }}
  const held = new Map();
  for (const [uri, token] of tokens) held.set(uri, await statuses.openStatusList(bytes.fromBase64(token), uri, opened));
  const answers = [];
  for (const text of texts) {{
    const verdict = await judging.judge(text, {{ trust: opened, statuses: held }}, table, now);
    answers.push([showing.overallOf(verdict, table), verdict.whole, verdict.genuine, verdict.inForce, verdict.paper, verdict.asOf]);
  }}
  return answers;
}}"""
_REFUSES = f"""async ({{ trust, token, uri }}) => {{
  {_PART}
  const [bytes, lists, statuses] = await Promise.all(["./bytes.js", "./trust.js", "./status.js"].map(part));
  const table = JSON.parse(document.getElementById("checker").dataset.carried);
  const root = {{ key: bytes.fromBase64(table.root.key), id: bytes.fromBase64(table.root.id) }};
  const refusal = (error) => {{ if (error.constructor.name !== "Malformed") throw error; return error.message; }};
  const opened = await lists.openTrustList(bytes.fromBase64(trust), root).catch(refusal);
  if (typeof opened === "string" || token === null) return typeof opened === "string" ? opened : "";
  return statuses.openStatusList(bytes.fromBase64(token), uri, opened).then(() => "", refusal);
}}"""
_VALUES = f"""async ({{ trust, token, uri, indices }}) => {{
  {_PART}
  const [bytes, lists, statuses] = await Promise.all(["./bytes.js", "./trust.js", "./status.js"].map(part));
  const table = JSON.parse(document.getElementById("checker").dataset.carried);
  const root = {{ key: bytes.fromBase64(table.root.key), id: bytes.fromBase64(table.root.id) }};
  const list = await statuses.openStatusList(bytes.fromBase64(token), uri, await lists.openTrustList(bytes.fromBase64(trust), root));
  return indices.map((index) => list.value(index) ?? null);
}}"""
_COSE = f"""async (vectors) => {{
  {_PART}
  const [bytes, cose] = await Promise.all(["./bytes.js", "./cose.js"].map(part));
  const verified = async ([data, spki]) => {{
    try {{
      return await cose.isSignedBy(cose.parse(bytes.fromBase64(data)), await cose.importKey(bytes.fromBase64(spki)));
    }} catch (error) {{
      if (error.constructor.name !== "Malformed") throw error;
      return false;
    }}
  }};
  return Promise.all(vectors.map(verified));
}}"""

Answer = tuple[Any, ...]


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def open_checker(visitor: Visitor, *, kept: bool = False) -> None:
    """Open the page and wait until it has taken up its lists; ``kept``: and until it lies on the device."""
    visitor.page.goto(visitor.base + CHECKER)
    ready(visitor)
    if kept:
        visitor.page.locator("#kept").wait_for()


def ready(visitor: Visitor) -> None:
    visitor.page.locator("html[data-ready]").wait_for()


def paste(visitor: Visitor, text: str) -> None:
    """Give the text of a QR code and wait for the answer."""
    visitor.page.locator("#text").fill(text)
    visitor.page.get_by_role("button", name=visitor.words("Check the text"), exact=True).click()
    answered(visitor)


def choose(visitor: Visitor, name: str, content: bytes, media_type: str) -> None:
    """Give a picture or PDF and wait for the answer."""
    again = visitor.page.locator("[data-again]")
    if again.count():
        again.click()
    visitor.page.locator("#file").set_input_files({"name": name, "mimeType": media_type, "buffer": content})
    answered(visitor)


def answered(visitor: Visitor) -> None:
    visitor.page.locator("#result:not([hidden])").wait_for()


def codes(visitor: Visitor) -> tuple[str, ...]:
    """The stable codes of the answers whole, genuine, in force."""
    return tuple(visitor.page.locator("#details [data-code]").all_text_contents())


def headline(visitor: Visitor) -> str:
    return visitor.page.locator("#verdict .strong").inner_text()


def list_age(visitor: Visitor) -> str:
    """What the answer says of the age of the list it stands on."""
    return visitor.page.locator("#verdict .age").inner_text()


def ask_modules(
    visitor: Visitor, texts: Sequence[str], trust: TrustList, tokens: Iterable[tuple[str, bytes]] = (), *, now: float, keys: Any = ()
) -> list[Answer]:
    """What the modules of the page say of each text: overall, whole, genuine, in force, paper, moment of the list.

    ``keys`` are QR keys more than the list has: kid, SubjectPublicKeyInfo, and the kid of the key whose dates and issuer they share.
    """
    asked = {
        "texts": list(texts),
        "trust": coded(trust.signed),
        "tokens": [(uri, coded(token)) for uri, token in tokens],
        "keys": [(kid.hex(), coded(spki), twin.hex()) for kid, spki, twin in keys],
        "now": now,
    }
    return [tuple(answer) for answer in visitor.page.evaluate(_JUDGE, asked)]


def refusal(visitor: Visitor, trust: bytes, token: bytes | None = None, uri: str = "") -> str:
    """Why the page takes a trust list (or a status list by it) for none; empty when it takes it."""
    asked = {"trust": coded(trust), "token": coded(token) if token is not None else None, "uri": uri}
    return str(visitor.page.evaluate(_REFUSES, asked))


def values(visitor: Visitor, trust: TrustList, uri: str, token: bytes, indices: Sequence[int]) -> list[int | None]:
    """The statuses that the page reads out of a list."""
    asked = {"trust": coded(trust.signed), "token": coded(token), "uri": uri, "indices": list(indices)}
    found: list[int | None] = visitor.page.evaluate(_VALUES, asked)
    return found


def verified(visitor: Visitor, vectors: Iterable[tuple[bytes, bytes]]) -> list[bool]:
    """Whether each message (COSE_Sign1) verifies with its key (SubjectPublicKeyInfo) in the page."""
    found: list[bool] = visitor.page.evaluate(_COSE, [(coded(data), coded(spki)) for data, spki in vectors])
    return found


def as_answer(verdict: Verdict) -> Answer:
    """A verdict of the Python code in the shape of ``ask_modules``."""
    moment = int(verdict.as_of.timestamp()) if verdict.as_of else None
    paper = asdict(verdict.paper) if verdict.paper else None
    return (verdict.overall.value, verdict.whole.code, verdict.genuine.code, verdict.in_force.code, paper, moment)


def status_cwt(settings: Settings, trust: TrustList, claims: StatusClaims) -> bytes:
    """A status list by the status key of the installation, with any claims."""
    (key,) = trust.status_keys.values()
    signing = open_key(settings.keys, key.id)
    return status_token.cwt(claims, key.kid, lambda data: sign_raw(signing, data))


def picture_of(pdf: Path, folder: Path, dpi: int = 150) -> Path:
    """The first page of a PDF as PNG."""
    target = folder / "page"
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", "-singlefile", str(pdf), str(target)], check=True, timeout=60)
    return target.with_suffix(".png")


def film_of(picture: Path, target: Path) -> Path:
    """A film (YUV4MPEG2, for the camera that is none) in which a hand holds the QR code of the page into the picture."""
    with Image.open(picture) as page:
        code = page.convert("RGB").crop(_code_on(page)).resize((600, 600), Image.Resampling.LANCZOS)
    frame = Image.new("RGB", FRAME, "#8a8f94")
    frame.paste(code.rotate(4, expand=True, fillcolor="#8a8f94"), (340, 40))
    luma, blue, red = frame.convert("YCbCr").split()
    half = (FRAME[0] // 2, FRAME[1] // 2)
    planes = luma.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
    head = f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    target.write_bytes(head + (b"FRAME\n" + planes) * 10)
    return target


def _code_on(page: Image.Image) -> tuple[int, int, int, int]:
    import zxingcpp

    (code,) = zxingcpp.read_barcodes(page)
    xs = [point.x for point in (code.position.top_left, code.position.bottom_right)]
    ys = [point.y for point in (code.position.top_left, code.position.bottom_right)]
    quiet = 25
    return xs[0] - quiet, ys[0] - quiet, xs[1] + quiet, ys[1] + quiet
