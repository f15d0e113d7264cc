"""Arguments of verbs: argparse without its exits, and words split as a shell would split them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from nbtrack.base.errors import InvalidOption

if TYPE_CHECKING:
    from nbtrack.sdk.verbs.setting import Context, Shown

    Function = Callable[[argparse.Namespace, Context], Shown]

LONGEST = 100_000  # characters of a line: shlex takes four times as long for twice as many
MOST = 1_000  # options, or words of `%%track`: argparse takes four times as long for twice as many, too
_RAW_WORD = re.compile(r"""(?:[^\s"'\\]|"(?:[^"\\]|\\.)*"|'[^']*'|\\.)+""", re.DOTALL)


def in_part(message: str) -> str:
    """What is wrong in words, without the middle of what it quotes if that is long."""
    return message if len(message) <= 400 else f"{message[:250]} … {message[-100:]}"


class Word(str):
    """A word of a line as the shell would hand it on; ``raw`` is how it was typed, with its quotes."""

    __slots__ = ("raw",)
    raw: str


def split(line: str) -> list[str]:
    """The words of a line.

    Raises:
        InvalidOption: a quote is not closed.
    """
    if len(line) > LONGEST:
        raise InvalidOption(f"The line has {len(line):,} characters.", f"At most {LONGEST:,} are read.")
    try:
        plain = shlex.split(line)
    except ValueError as error:
        raise InvalidOption(f"{error} in: {line.strip()[:200]}.", "Close the quotes.") from None
    raws = _RAW_WORD.findall(line)
    if len(raws) != len(plain):
        return plain
    words = []
    for text, raw in zip(plain, raws, strict=True):
        word = Word(text)
        word.raw = raw
        words.append(word)
    return list(words)


def expression(words: Sequence[str]) -> str:
    """A filter from its words. One word is the filter; in several, quotes belong to the filter's own texts."""
    if len(words) == 1:
        return str(words[0])
    return " ".join(getattr(word, "raw", word) for word in words)


class HelpAsked(Exception):
    """Somebody asked for help: ``text``."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving the process, and reads options before, between and after the rest."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )
        self.color = False  # Python 3.14 would colour the help, in notebooks too
        self._flags: dict[str, argparse.Action] = {}
        self.option("-h", "--help", action="store_true", help="show this help")

    def option(self, *names: str, **about: Any) -> None:
        """Add an argument; as ``add_argument``."""
        action = self.add_argument(*names, **about)
        self._flags.update(dict.fromkeys(action.option_strings, action))

    def error(self, message: str) -> NoReturn:
        """Raise it.

        Raises:
            InvalidOption: always; its hint is one line of usage.
        """
        raise InvalidOption(f"{self.prog}: {in_part(message.rstrip('.'))}.", " ".join(self.format_usage().split()))

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments that the words say.

        Raises:
            InvalidOption: they do not say any. HelpAsked: they ask for help.
        """
        options, others = self._part(list(words))
        if "--help" in options:
            raise HelpAsked(self.format_help())
        if len(options) > MOST:
            raise InvalidOption(f"{self.prog}: there are {len(options):,} options.", f"At most {MOST:,} are read.")
        return self.parse_args([*options, *(["--", *others] if others else [])])

    def _part(self, words: list[str]) -> tuple[list[str], list[str]]:
        """(options, the rest). argparse itself takes ``--sort -metrics.acc`` and ``x > -1e-3`` for wrong options."""
        options: list[str] = []
        others: list[str] = []
        while words:
            word = words.pop(0)
            if word == "--":
                return options, [*others, *words]
            if not re.match(r"--?[^\W\d]", word):
                others.append(word)
                continue
            name, equals, value = word.partition("=")
            if not word.startswith("--") and name not in self._flags:
                name, equals, value = word[:2], word[2:3], word[2:].removeprefix("=")  # -n5
            action = self._flags.get(name)
            if action is None:
                self.error(f"unknown option '{word}'")
            if action.nargs == 0 and not equals:
                options.append(action.option_strings[-1])
            elif equals or words:
                options.append(f"{action.option_strings[-1]}={value if equals else words.pop(0)}")
            else:
                self.error(f"{name} needs {action.metavar or 'a value'}")
        return options, others


def argument(*names: str, **about: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """One argument of a verb, as ``add_argument`` takes it."""
    return names, about


def whole(text: str) -> int:
    """A number of things. Raises ArgumentTypeError where it is none."""
    return _between(text, 0)


def positive(text: str) -> int:
    """A number of things, one at least. Raises ArgumentTypeError where it is none."""
    return _between(text, 1)


def _between(text: str, low: int) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15 or int(digits) < low:
        raise argparse.ArgumentTypeError(f"{digits[:40]!r} is no whole number from {low} on")
    return int(digits)


@dataclass(frozen=True)
class Verb:
    """One verb: its name, a sentence of help, an example, its arguments, and ``module:function`` that does it."""

    name: str
    help: str
    example: str
    home: str
    arguments: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = ()

    def parser(self, prog: str) -> Parser:
        """A parser of its arguments, for a host that is called ``prog``."""
        made = Parser(prog=f"{prog} {self.name}", description=self.help, epilog=f"example:\n  {prog} {self.example}")
        for names, about in self.arguments:
            made.option(*names, **about)
        return made

    def function(self) -> Function:
        """What does it; imported only now."""
        module, _, name = self.home.partition(":")
        found: Function = getattr(import_module(f"nbtrack.sdk.verbs.{module}"), name)
        return found


def overview(prog: str, verbs: Iterable[Verb]) -> Parser:
    """A parser whose help lists the verbs."""
    lines = "\n".join(f"  {verb.name:<12} {verb.help}" for verb in verbs)
    return Parser(
        prog=prog,
        usage=f"{prog} VERB …",
        description=f"Look at the runs of this project, compare and edit them.\n\nverbs:\n{lines}",
        epilog=f"More about one: {prog} VERB --help",
    )
