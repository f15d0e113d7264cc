"""The search language: text to a small tree. Nothing is evaluated; the time is linear in the text.

    filter      := words | or
    or          := and ("or" and)*
    and         := not ("and" not)*
    not         := "not" not | "(" or ")" | comparison
    comparison  := field ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") value
                 | field ["not"] ("like" | "ilike" | "contains") string
                 | field ["not"] "in" "(" value ("," value)* ")"
                 | field ["not"] "between" value "and" value
                 | field "is" ["not"] "null"
                 | ("starred" | "trashed")
    field       := attribute | ("params" | "metrics" | "tags") "." key ["." aggregate]
    key         := letters, digits and _ . / : # | "quoted" | `quoted`
    value       := number | number with s, m, h, d or w | 'text' | "text" | true | false | nan | inf

A quote inside quotes is written twice. A filter without any operator is a search for words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from nbtrack.base.errors import FilterError

MAX_LENGTH = 10_000
MAX_DEPTH = 50  # brackets and "not" inside each other
MAX_WORDS = 50  # of a search for words, each of which is looked for in every run
_INT64 = 1 << 63

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<field>(?i:params?|metrics?|tags?)\.(?:"(?:[^"]|"")*"|`[^`]*`|[\w./:\#]+)(?:\.(?i:last|min|max|mean|count)\b)?)
    | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?P<unit>ms|[smhdw])?(?![\w.])
    | (?P<infinite>[-+]?(?i:inf(?:inity)?|nan)\b)
    | (?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<word>[^\W\d]\w*)
    | (?P<operator><=|>=|<>|!=|==|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_WORDS = frozenset(("and", "or", "not", "in", "like", "ilike", "contains", "is", "null", "between", "true", "false"))
_OPERATORS = {"==": "=", "<>": "!="}


class Token(NamedTuple):
    """A piece of the text: ``kind`` is field, number, string, word, operator, mark or end; ``at`` counts from 0."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Field:
    """An attribute of a run, or a param, metric or tag by name. ``quoted`` names are never taken apart."""

    kind: Literal["attribute", "param", "metric", "tag"]
    name: str
    at: int
    quoted: bool = False
    aggregate: str | None = None


@dataclass(frozen=True)
class Value:
    """A literal; ``seconds`` says that it was a span of time such as 5m, ``text`` is a number as it was written."""

    value: float | int | str | bool
    at: int
    seconds: bool = False
    text: str = ""


@dataclass(frozen=True)
class Comparison:
    """``field operator values``: one value, several for ``in``, two for ``between``, none for ``null``."""

    field: Field
    operator: str
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True)
class Junction:
    """Parts joined by ``and`` or ``or``."""

    operator: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """The opposite of a part."""

    part: Node


@dataclass(frozen=True)
class Words:
    """A free-text search: every word must be found somewhere."""

    words: tuple[str, ...]


Node: TypeAlias = "Comparison | Junction | Not | Words"


def mistake(text: str, at: int, message: str, hint: str = "") -> FilterError:
    """An error that shows where in the text it is."""
    start = max(0, at - 40)
    shown = f"{message}\n  {_printable(text[start : at + 40])}\n  {' ' * (at - start)}^\n"
    return FilterError(shown, hint, column=at)


def brief(text: object) -> str:
    """A piece of a filter for a message: not too long, and nothing that a terminal would obey or refuse."""
    shown = _printable(str(text))
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def tokens(text: str) -> list[Token]:
    """The pieces of a filter, with an end mark.

    Raises:
        FilterError: the text has something that is no piece.
    """
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _no_piece(text, at + len(text[at:]) - len(text[at:].lstrip()), found)
        kind = "number" if match.group("unit") or match.group("infinite") else match.lastgroup
        found.append(Token(kind, match.group().strip(), match.end() - len(match.group().lstrip())))
        at = match.end()
    return [*found, Token("end", "", end)]


def _no_piece(text: str, at: int, before: list[Token]) -> FilterError:
    hint = "Texts stand in quotes: name = 'my run'."
    if text[at] in "'\"`" or text[at : at + 2] in ('."', ".`"):
        return mistake(text, at + (text[at] == "."), "This quote is not closed.", hint)
    if before and before[-1].kind == "field" and before[-1].at + len(before[-1].text) == at:
        kind, _, name = before[-1].text.partition(".")
        hint = f'Other names stand in quotes: {kind}."{brief(name)}{text[at]}…".'
    return mistake(text, at, f"'{brief(text[at])}' is not understood here.", hint)


def parse(text: str) -> Node | None:
    """The tree of a filter; None for an empty one.

    Raises:
        FilterError: with the column of the mistake, counted from 0.
    """
    _check(text)
    if not text.strip():
        return None
    return _words(text) if _is_words(text) else _Parser(text).whole()


def _check(text: str) -> None:
    """SQLite takes no half characters, and reads a pattern only up to a NUL."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"The filter has {len(text):,} characters.", f"At most {MAX_LENGTH:,} are read.", MAX_LENGTH)
    odd = re.search("[\0\ud800-\udfff]", text)
    if odd:
        what = "a NUL" if odd.group() == "\0" else "half a character (a lone surrogate)"
        raise mistake(text, odd.start(), f"The filter has {what}.", "Take it out.")


def _words(text: str) -> Words:
    found: dict[str, None] = {}
    for match in re.finditer(r"\S+", text):
        found[match.group()] = None
        if len(found) > MAX_WORDS:
            raise mistake(text, match.start(), f"A search has {MAX_WORDS} words at most.", "Leave some out.")
    return Words(tuple(found))


def _is_words(text: str) -> bool:
    """Words alone: no operator, no quote, no bracket, and no word of the language but plain ones."""
    if re.search(r"[<>=!()'\"`,]", text):
        return False
    words = [word.lower() for word in text.split()]
    return not _WORDS.intersection(words) and not (words[0] in ("starred", "trashed") and len(words) == 1)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += token.kind != "end"
        return token

    def wrong(self, token: Token, expected: str) -> FilterError:
        found = "the end" if token.kind == "end" else f"'{brief(token.text)}'"
        return mistake(self.text, token.at, f"Expected {expected}, found {found}.")

    def is_word(self, *words: str) -> bool:
        return self.next.kind == "word" and self.next.text.lower() in words

    def whole(self) -> Node:
        node = self.either()
        if self.next.kind != "end":
            raise self.wrong(self.next, "'and', 'or' or the end")
        return node

    def either(self) -> Node:
        return self.joined("or", lambda: self.joined("and", self.negation))

    def joined(self, word: Literal["and", "or"], part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.is_word(word):
            self.take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def negation(self) -> Node:
        if not self.is_word("not") and self.next.text != "(":
            return self.comparison()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"The filter is nested deeper than {MAX_DEPTH} levels."
            raise mistake(self.text, self.next.at, message, "Take brackets and 'not's out.")
        if self.take().text != "(":
            node: Node = Not(self.negation())
        else:
            node = self.either()
            if self.next.text != ")":
                raise self.wrong(self.next, "')'")
            self.take()
        self.depth -= 1
        return node

    def comparison(self) -> Node:
        field = self.field()
        negated = False
        if self.is_word("is"):
            self.take()
            negated = self.maybe_not()
            if not self.is_word("null"):
                raise self.wrong(self.next, "'null'")
            self.take()
            return Comparison(field, "null", (), negated)
        negated = self.maybe_not()
        token = self.next
        if token.kind == "operator" and not negated:
            self.take()
            return Comparison(field, _OPERATORS.get(token.text, token.text), (self.value(),))
        if self.is_word("like", "ilike", "contains"):
            self.take()
            return Comparison(field, token.text.lower(), (self.value(),), negated)
        if self.is_word("in"):
            self.take()
            return Comparison(field, "in", self.values(), negated)
        if self.is_word("between"):
            self.take()
            low = self.value()
            if not self.is_word("and"):
                raise self.wrong(self.next, "'and'")
            self.take()
            return Comparison(field, "between", (low, self.value()), negated)
        if field.kind == "attribute" and field.name in ("starred", "trashed") and not negated:
            return Comparison(field, "=", (Value(True, field.at),))
        raise self.wrong(token, "an operator such as = or <")

    def maybe_not(self) -> bool:
        if self.is_word("not"):
            self.take()
            return True
        return False

    def field(self) -> Field:
        token = self.take()
        if token.kind == "field":
            return _key(token)
        if token.kind == "word" and token.text.lower() not in _WORDS:
            return Field("attribute", token.text.lower(), token.at)
        raise self.wrong(token, "a field such as name, params.lr or metrics.loss")

    def values(self) -> tuple[Value, ...]:
        if self.next.text != "(":
            raise self.wrong(self.next, "'('")
        self.take()
        found = [self.value()]
        while self.next.text == ",":
            self.take()
            found.append(self.value())
        if self.next.text != ")":
            raise self.wrong(self.next, "',' or ')'")
        self.take()
        return tuple(found)

    def value(self) -> Value:
        token = self.take()
        if token.kind == "number":
            return _number(token)
        if token.kind == "string":
            quote = token.text[0]
            return Value(token.text[1:-1].replace(quote * 2, quote), token.at)
        if token.kind == "word" and token.text.lower() in ("true", "false"):
            return Value(token.text.lower() == "true", token.at)
        if token.kind == "word":
            raise mistake(
                self.text,
                token.at,
                f"'{brief(token.text)}' is no value.",
                f"A text stands in quotes: '{brief(token.text)}'.",
            )
        raise self.wrong(token, "a number, a text in quotes, true or false")


def _number(token: Token) -> Value:
    match = re.fullmatch(r"(.*?\d\.?)(ms|[smhdw])", token.text)
    if match:
        return Value(float(match[1]) * _UNITS[match[2]], token.at, True, token.text)
    if re.fullmatch(r"[-+]?\d{1,19}", token.text) and -_INT64 <= int(token.text) < _INT64:
        return Value(int(token.text), token.at, text=token.text)
    return Value(float(token.text), token.at, text=token.text)


def _key(token: Token) -> Field:
    room, _, rest = token.text.partition(".")
    kind: Literal["param", "metric", "tag"] = {"p": "param", "m": "metric", "t": "tag"}[room[0].lower()]  # type: ignore[assignment]
    if rest[0] in '"`':
        quote = rest[0]
        end = rest.rindex(quote)
        name = rest[1:end].replace(quote * 2, quote) if quote == '"' else rest[1:end]
        return Field(kind, name, token.at, True, rest[end + 2 :].lower() or None)
    return Field(kind, rest, token.at)
