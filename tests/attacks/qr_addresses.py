"""Other addresses around the true digits of a code, and other spellings of the digits."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from qr_subjects import Change

_CONFUSABLE: Final = {
    "a": "аɑ",
    "c": "сϲ",
    "e": "еҽ",
    "g": "ɡ",
    "l": "1ӏ",
    "m": "rn",
    "n": "ո",
    "o": "о0ο",
    "p": "р",
    "v": "ѵ",
    "x": "х",
    "z": "ʐ",
}
_EVIL: Final = (
    "evil.example",
    "gov.cn.evil.example",
    "127.0.0.1",
    "[::1]",
    "xn--80ak6aa92e.com",
    "zz-example.gov.cn",
    "例子.中国",
    "localhost",
)


def _address(make: Callable[[str, str, Random], str]) -> Change:
    """The digits stay true; what stands around them is ``make(host, digits, chance)``."""
    return lambda subject: make(subject.code.host, subject.code.digits, subject.chance)


def _word(chance: Random, size: int = 6) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=size))


def _foreign(host: str, digits: str, chance: Random) -> str:
    other = chance.choice(
        [
            *_EVIL,
            f"{host}.{_word(chance)}.example",
            f"{_word(chance)}.{host}",
            f"{_word(chance)}{host}",
            host[1:],
            host + _word(chance, 2),
            host.replace(".", "-"),
            host.replace(".gov", ""),
            f"{_word(chance)}.gov.cn",
            host + ".",
            "." + host,
            host.replace(".", "..", 1),
            "",
        ]
    )
    return f"https://{other}/v/{digits}"


def _user(host: str, digits: str, chance: Random) -> str:
    user = chance.choice([_word(chance), f"{_word(chance)}:{_word(chance)}", "", ":", host, "%40", f"{host}%2f", f"{host}:443"])
    at = chance.choice([host, *_EVIL])
    return f"https://{user}@{at}/v/{digits}"


def _port(host: str, digits: str, chance: Random) -> str:
    port = chance.choice(["443", "80", "8443", "", "0", "00443", str(chance.randrange(65536)), "99999", "-1", "４４３"])
    return f"https://{host}:{port}/v/{digits}"


def _punycode(host: str, digits: str, chance: Random) -> str:
    labels = host.split(".")
    place = chance.randrange(len(labels))
    labels[place] = f"xn--{labels[place]}-{_word(chance, chance.randrange(3, 6))}"
    return f"https://{'.'.join(labels)}/v/{digits}"


def _confused(host: str, digits: str, chance: Random) -> str:
    places = [place for place, letter in enumerate(host) if letter in _CONFUSABLE]
    letters = list(host)
    for place in chance.sample(places, chance.randrange(1, 3)):
        letters[place] = chance.choice(_CONFUSABLE[letters[place]])
    dots = chance.choice([".", ".", "。", "．", "｡"])
    return f"https://{''.join(letters).replace('.', dots)}/v/{digits}"


def _wide(host: str, digits: str, chance: Random) -> str:
    place = chance.randrange(len(host))
    return f"https://{host[:place]}{chr(ord(host[place]) + 0xFEE0)}{host[place + 1 :]}/v/{digits}"


def _upper(host: str, digits: str, chance: Random) -> str:
    mixed = "".join(letter.upper() if chance.random() < 0.5 else letter for letter in host)
    told = mixed if mixed != host else host.upper()
    return chance.choice(
        [f"https://{told}/v/{digits}", f"HTTPS://{host}/v/{digits}", f"Https://{told}/v/{digits}", f"https://{host}/V/{digits}"]
    )


def _scheme(host: str, digits: str, chance: Random) -> str:
    schemes = (
        "http",
        "ftp",
        "file",
        "javascript",
        "data",
        "weixin",
        "alipays",
        "ws",
        "httpss",
        "",
        "https+insecure",
        "view-source:https",
        _word(chance),
    )
    return f"{chance.choice(schemes)}://{host}/v/{digits}"


def _slashes(host: str, digits: str, chance: Random) -> str:
    return chance.choice(
        [
            f"https:{host}/v/{digits}",
            f"https:/{host}/v/{digits}",
            f"https:///{host}/v/{digits}",
            f"//{host}/v/{digits}",
            f"{host}/v/{digits}",
            f"/v/{digits}",
            f"https:\\\\{host}\\v\\{digits}",
            f"https://{host}\\v/{digits}",
            f"https://{host}/v\\{digits}",
            f"https://{host}//v/{digits}",
            f"https://{host}/v//{digits}",
            f"https://{host}/v/{digits}/",
            f"https://{host}/v/{digits}//",
            f"https://{host}/v/{digits}/..",
        ]
    )


def _path(host: str, digits: str, chance: Random) -> str:
    word = _word(chance)
    return chance.choice(
        [
            f"https://{host}/{word}/v/{digits}",
            f"https://{host}/./v/{digits}",
            f"https://{host}/{word}/../v/{digits}",
            f"https://{host}/v;{word}/{digits}",
            f"https://{host}/v/{word}/{digits}",
            f"https://{host}/v{digits}",
            f"https://{host}/{word}?u=/v/{digits}",
            f"https://{_EVIL[0]}/?u=https://{host}/v/{digits}",
            f"https://{_EVIL[0]}/#https://{host}/v/{digits}",
            f"https://{_EVIL[0]}/https://{host}/v/{digits}",
            f"https://{host}/login?next=https://{_EVIL[0]}/v/{digits}",
        ]
    )


def _query(host: str, digits: str, chance: Random) -> str:
    tail = chance.choice(["?", f"?{_word(chance)}", f"?a={_word(chance)}", f"?{digits}", "&", f";{_word(chance)}", f"?#{_word(chance)}"])
    return f"https://{host}/v/{digits}{tail}"


def _fragment(host: str, digits: str, chance: Random) -> str:
    tail = chance.choice(["#", f"#{_word(chance)}", f"#{digits}", "##", f"#/{_word(chance)}"])
    return chance.choice(
        [
            f"https://{host}/v/{digits}{tail}",
            f"https://{host}/v#{digits}{tail}",
            f"https://{host}/v/#{digits}",
            f"https://{host}#/v/{digits}",
        ]
    )


def _percent(host: str, digits: str, chance: Random) -> str:
    place = chance.randrange(len(digits))
    coded = f"{digits[:place]}%3{digits[place]}{digits[place + 1 :]}"
    hosts = f"{host[:3]}%{ord(host[3]):02x}{host[4:]}"
    return chance.choice(
        [f"https://{host}/v/{coded}", f"https://{hosts}/v/{digits}", f"https://{host}/%76/{digits}", f"https://{host}/v%2F{digits}"]
    )


def _zeros(host: str, digits: str, chance: Random) -> str:
    return f"https://{host}/v/{'0' * chance.randrange(1, 300)}{digits}"


_ZEROS: Final = "０٠۰߀०๐𝟎𝟘𝟬𝟶"


def _other_digits(host: str, digits: str, chance: Random) -> str:
    """Digits of other scripts: int() in Python takes them all."""
    zero, share = ord(chance.choice(_ZEROS)), chance.choice([0.02, 1.0])
    told = "".join(chr(zero + int(digit)) if chance.random() < share else digit for digit in digits)
    return f"https://{host}/v/{told if told != digits else chr(zero + int(digits[0])) + digits[1:]}"


def _between(host: str, digits: str, chance: Random) -> str:
    """Something inside the digits that a generous reader would skip."""
    odd = chance.choice(
        ["_", " ", ",", ".", "\u200b", "\u2060", "\u202e", "\0", "\n", "\t", "\u0301", "-", "+", "e", "\ud800", "\ufeff", "'", "̲"]
    )
    place = chance.randrange(len(digits) + 1)
    return f"https://{host}/v/{digits[:place]}{odd}{digits[place:]}"


def _around(host: str, digits: str, chance: Random) -> str:
    """Something before or after the whole."""
    odd = chance.choice(
        [" ", "\n", "\r\n", "\t", "\0", "\ufeff", "\u200b", "<", ">", '"', "'", "(", ")", "。", "URL:", "\u3000", "\u2028", "\x1c"]
    )
    return chance.choice([f"{odd}https://{host}/v/{digits}", f"https://{host}/v/{digits}{odd}"])


def _in_host(host: str, digits: str, chance: Random) -> str:
    odd = chance.choice(
        [" ", "\t", "\n", "\r", "\0", "\u200b", "\u00ad", "\u200d", "%", "%00", "%0a", "\\", "|", "^", "\ufeff", "\ud800", "*", ","]
    )
    place = chance.randrange(len(host) + 1)
    return f"https://{host[:place]}{odd}{host[place:]}/v/{digits}"


def _number(host: str, digits: str, chance: Random) -> str:
    """The number in another base or notation."""
    number = int(digits)
    return f"https://{host}/v/" + chance.choice(
        [
            f"{number:x}",
            f"0x{number:x}",
            f"0o{number:o}",
            f"+{digits}",
            f"-{digits}",
            f"{digits}.0",
            f"{digits}e0",
            f"{number:_}",
            f"{number:,}",
            f"{digits}L",
        ]
    )


def _long(host: str, digits: str, chance: Random) -> str:
    return f"https://{host}/v/{digits}{'0' * chance.randrange(1, 6000)}"


def _alone(host: str, digits: str, chance: Random) -> str:
    return chance.choice(
        [
            digits,
            f"{digits}/",
            "",
            "https://",
            f"https://{host}",
            f"https://{host}/v/",
            f"https://{host}/v",
            f"https://{host}/v#",
            f"{host} {digits}",
            "LZ1:" + digits,
        ]
    )


def _random_text(host: str, digits: str, chance: Random) -> str:
    return "".join(chr(chance.choice([chance.randrange(32, 127), chance.randrange(0x110000)])) for _ in range(chance.randrange(60)))


ADDRESSES: dict[str, Change] = {
    "foreign-host": _address(_foreign),
    "user-in-host": _address(_user),
    "port": _address(_port),
    "punycode": _address(_punycode),
    "confusable-letters": _address(_confused),
    "full-width-letters": _address(_wide),
    "upper-case": _address(_upper),
    "other-scheme": _address(_scheme),
    "slashes": _address(_slashes),
    "other-path": _address(_path),
    "query": _address(_query),
    "fragment": _address(_fragment),
    "percent-encoded": _address(_percent),
    "leading-zeros": _address(_zeros),
    "digits-of-other-scripts": _address(_other_digits),
    "between-digits": _address(_between),
    "around-the-text": _address(_around),
    "inside-the-host": _address(_in_host),
    "other-notation": _address(_number),
    "too-long": _address(_long),
    "incomplete": _address(_alone),
    "random-text": _address(_random_text),
}
