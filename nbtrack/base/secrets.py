"""Secrets are taken out of everything before it is stored.

Three kinds of evidence: the look of a known service's token (`secret_rules`), the place (a PEM block, a
password in an address, an Authorization header), and the name that a value is given (``DB_PASSWORD = "…"``,
``"api_key": "…"``, ``os.environ["X_TOKEN"] = "…"``, ``--token …``). A value under such a name is a secret
if it is quoted and has at least 8 characters (4 under a password's name), or is unquoted and looks random;
placeholders (``<your token>``, ``${TOKEN}``, ``xxxx``), names of environment variables and formatted fields
are none. The time is linear in the length of the text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from nbtrack.base import secret_rules as rules
from nbtrack.base.secret_rules import MARK

__all__ = ["MARK", "is_secret_name", "redact", "redact_value", "taken_out"]

_count = 0  # secrets that this process has replaced

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME_AFTER = re.compile(r"[\w.\-]*")
_NAME_REACH = 64  # characters of a name in front of the word that makes it a secret's

# What stands between a name and its value: the end of a subscript or quoted key, a type, then = or : or =>.
_BINDING = re.compile(
    r"""(?P<close>\\{0,2}["'])?\]?\)?[ \t]{0,20}"""
    r"""(?::[ \t]{0,8}[A-Za-z][\w.\[\]| ]{0,40}(?==))?"""
    r"""(?P<op>:=|==|=>|=|:|,|[ \t](?=\S))[ \t]{0,20}"""
)
_WRAPPER = re.compile(r"[A-Za-z_][\w.]{0,60}\(\s{0,8}")  # SecretStr("…"), os.environ.get("X", …)
_QUOTED = re.compile(
    r"""(?P<prefix>[rRbBuUfF]{0,2})(?P<quote>\\{0,2}(?:\"\"\"|'''|["']))"""
    r"""(?P<value>(?:(?!(?P=quote))[^\r\n\\]|\\[^"'\r\n]){1,4096})(?P=quote)"""
)
_BARE = re.compile(r"""[A-Za-z0-9+/=_\-.~!@#%^*]{8,4096}(?=[\s"'`,;&|)}\]\\<]|\Z)""")
_LONG = re.compile(r"[A-Za-z0-9+/=_\-.~!@#%^*]{256,}")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_\-.~]{12,}\Z")

_PLACEHOLDER = re.compile(
    r"""<.*>\Z|\$|\{|%[({s]|«|(?:your|insert|enter|replace|paste)[ _\-]|changeme|example|placeholder|redacted"""
    r"""|dummy|sample|todo|(?:none|null|true|false)\Z|xxx|\*\*\*|\.\.\.|…|•""",
    re.IGNORECASE,
)
_ENVIRONMENT_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(r"[A-Za-z0-9+/=\s\\\"',:\-]*")
_USER_INFO = re.compile(r"://([^\s/:@\"'<>?#]{0,200})(?::([^\s/@\"'<>]{1,300}))?@")
_BEARER = re.compile(r"(?i)(?<![A-Za-z0-9])bearer[ \t]{1,4}([A-Za-z0-9._~+/\-]{12,4096}={0,2})")
_SCHEME = re.compile(r"(?i)(?:basic|token|apikey|bearer|digest)[ \t]{1,4}")


def taken_out() -> int:
    """How often this process replaced a secret, so that it can be said that it did; it may count one twice."""
    return _count


def redact(text: str) -> tuple[str, int]:
    """``text`` with each secret replaced by `MARK`, and how many there were. Once more changes nothing."""
    clean, count = _once(text)
    while count and (again := _once(clean)[0]) != clean:  # what has no spaces any more, say, may be a secret's value
        clean = again
    _counted(count)
    return clean, count


def _once(text: str) -> tuple[str, int]:
    low = text.lower()
    spans: list[tuple[int, int]] = []
    if "-----BEGIN" in text:
        spans += _pem_blocks(text)
    if "://" in text:
        spans += _user_infos(text)
    spans += _tokens(text)
    if "bearer" in low:
        spans += [m.span(1) for m in _BEARER.finditer(text) if _is_mixed(m[1])]
    if any(needle in low for needle in rules.NEEDLES):
        spans += _named(text)
    if not spans:
        return text, 0
    pieces: list[str] = []
    done = count = 0
    for start, end in sorted(spans):
        if start >= done:
            pieces += [text[done:start], MARK]
            count += 1
        done = max(done, end)
    return "".join([*pieces, text[done:]]), count


def redact_value(name: str, value: object) -> tuple[object, bool]:
    """A param's value without its secrets, and whether there were any.

    Under a secret's name a string goes whole, and so does a number under a password's. In other strings,
    and in lists, tuples and dicts of strings, what looks like a secret goes.
    """
    kind = type(value)
    if kind is str:
        assert isinstance(value, str)
        if _is_secret_value(name, value, minimum=1 if _is_password(name) else 4):
            return _counted(1), True
        text, count = redact(value)
        return text, count > 0
    if kind is int or kind is float:
        return (_counted(1), True) if _is_password(name) else (value, False)
    if kind is bytes:
        return (_counted(1), True) if is_secret_name(name) else (value, False)
    if kind is list or kind is tuple:
        assert isinstance(value, list | tuple)
        items = [redact_value(name, item) for item in value]
        return (kind(item for item, _ in items), True) if any(hit for _, hit in items) else (value, False)
    if kind is dict:
        assert isinstance(value, dict)
        inner = {key: redact_value(f"{name}.{key}", item) for key, item in value.items() if type(key) is str}
        if any(hit for _, hit in inner.values()):
            return {key: inner[key][0] if key in inner else item for key, item in value.items()}, True
    return value, False


def _counted(more: int) -> str:
    """What stands in place of a secret."""
    global _count
    _count += more
    return MARK


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a variable, key or option of this name holds a secret: ``api_key``, ``--dbPassword``.

    Names about a secret are none (``password_length``, ``API_KEY_ENV``), nor are the tokens of a text
    (``max_tokens``, ``pad_token``, ``tokenizer``). Of a dotted name the last part counts.
    """
    words = _words(name)
    if not words or words[-1] in rules.ABOUT or words[0] in ("n", "num", "is", "has", "use", "show", "hide"):
        return False
    if rules.PASSWORDS.intersection(words):
        return True
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        if word == "token":
            if at == len(words) - 1 and before not in rules.TEXT_TOKENS:
                return True
        elif (
            word in rules.SECRETS
            or (word == "pass" and before in rules.PASS_OWNERS)
            or (word == "key" and before in rules.KEYS)
        ):
            return True
    return False


def _words(name: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(name[-200:].rpartition(".")[2])]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return words


def _is_password(name: str) -> bool:
    words = _words(name)
    return is_secret_name(name) and bool(rules.PASSWORDS.intersection(words) or "pass" in words)


def _is_secret_value(name: str, value: str, minimum: int) -> bool:
    """Whether a string under this name is a secret, not a placeholder or the name of a variable."""
    stripped = value.strip()
    if len(stripped) < minimum or not is_secret_name(name) or _PLACEHOLDER.match(stripped):
        return False
    if _ENVIRONMENT_NAME.match(stripped) or len(set(stripped)) == 1:
        return False
    return _is_password(name) or " " not in stripped


def _looks_random(value: str) -> bool:
    """Letters and digits of much entropy that are no words joined by dashes or dots."""
    if not _RANDOM.match(value) or _PLACEHOLDER.match(value):
        return False
    digits = sum(c.isdigit() for c in value)
    parts = re.split(r"[_\-.]", value)
    worded = all(part.isalpha() or part.isdigit() or not part for part in parts)
    if worded or digits < 2 or digits == len(value):
        return False
    shares = [count / len(value) for count in Counter(value[:512]).values()]
    return -sum(share * math.log2(share) for share in shares) >= 3.0


def _is_mixed(secret: str) -> bool:
    return any(c.isdigit() for c in secret) and any(c.isalpha() for c in secret)


def _pem_blocks(text: str) -> Iterator[tuple[int, int]]:
    """Private keys, their markers included; one whose end is missing goes as far as it looks like one."""
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        end = _PEM_END.search(text, begin.end())
        at = end.end() if end else _end_of(_PEM_BODY, text, begin.end())
        yield begin.start(), at


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _user_infos(text: str) -> Iterator[tuple[int, int]]:
    """Passwords in addresses, and user names that are tokens."""
    for match in _USER_INFO.finditer(text):
        if match[2] and not _PLACEHOLDER.match(match[2]):
            yield match.span(2)
        elif not match[2] and _looks_random(match[1]):
            yield match.span(1)


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Tokens known by their look. Searching for their first letters is far faster than the patterns."""
    for rule in rules.RULES:
        for needle in rule.needles:
            at = text.find(needle)
            while at >= 0:
                match = rule.pattern.match(text, at)
                if match and (not rule.mixed or _is_mixed(match[0])):
                    yield match.span(match.lastindex or 0)
                at = text.find(needle, match.end() if match else at + len(needle))


def _named(text: str) -> Iterator[tuple[int, int]]:
    """Values that are given to a secret's name."""
    at = 0
    while word := rules.WORD_IN_NAME.search(text, at):
        start, stop = word.start(), max(at, word.start() - _NAME_REACH)
        while start > stop and (text[start - 1].isalnum() or text[start - 1] in "_-."):
            start -= 1
        at = _end_of(_NAME_AFTER, text, word.end())
        if at - start > 2 * _NAME_REACH or not is_secret_name(text[start:at]):
            continue
        binding = _BINDING.match(text, at)
        if binding is None:
            continue
        if span := _value_of(text, text[start:at], binding):
            yield span
            at = max(at, span[1])
        else:  # names within a long value would each read it to its end again
            at = max(at, _end_of(_LONG, text, binding.end()))


def _value_of(text: str, name: str, binding: re.Match[str]) -> tuple[int, int] | None:
    """Where the secret is that stands behind a name and its binding."""
    operator, start = binding["op"], binding.end()
    if operator == "," and not binding["close"]:
        return None
    if operator in (" ", "\t") and not name.startswith("-"):
        return None
    wrapper = _WRAPPER.match(text, start)
    quoted = _QUOTED.match(text, wrapper.end() if wrapper else start)
    if quoted is None:
        return None if wrapper or operator in (",", "==") else _bare(text, name, operator, start)
    value = quoted["value"]
    first = quoted.start("value") + _end_of(_SCHEME, value, 0)
    value = value[first - quoted.start("value") :]
    if "{" in value and "f" in quoted["prefix"].lower():
        return None
    if not _is_secret_value(name, value, minimum=4 if _is_password(name) else 8):
        return None
    if (wrapper or operator in (",", "==")) and not _looks_random(value):
        return None
    return first, quoted.end("value")


def _bare(text: str, name: str, operator: str, start: int) -> tuple[int, int] | None:
    """A value without quotes, as in a shell, an .env file or what a program printed."""
    scheme = _SCHEME.match(text, start)
    match = _BARE.match(text, scheme.end() if scheme else start)
    if match is None or not _is_secret_value(name, match[0], minimum=8):
        return None
    value = match[0].rstrip(".")
    plain_is_enough = scheme or operator in (" ", "\t") or (operator == "=" and name.isupper())
    if _looks_random(value) or (plain_is_enough and _is_mixed(value) and not value.startswith("-")):
        return match.start(), match.start() + len(value)
    return None
