"""What stands behind ``%%track``, and what of a cell is it and what Python."""

from __future__ import annotations

import time

import pytest

from nbtrack.base.cells import python_part, split_cell
from nbtrack.base.errors import InvalidOption
from nbtrack.magics.options import asks_for_sweep, of_each, read_options, read_sweep
from nbtrack.sdk.lines import WORDS
from nbtrack.sdk.verbs.parsing import LONGEST


def test_nothing_given_leaves_all_to_the_defaults() -> None:
    for line in ("", "   ", "\t"):
        options = read_options(line)
        assert (options.name, options.experiment, options.tags, options.note) == (None, None, {}, None)
        assert options.params is options.metrics is None
        assert options.autolog


def test_autolog_can_be_switched_off_for_a_cell() -> None:
    assert not read_options("forest --no-autolog").autolog


@pytest.mark.parametrize(
    ("line", "name", "note"),
    [
        ("forest", "forest", None),
        ("'two words'", "two words", None),
        ('forest --note "two words"', "forest", "two words"),
        ("--note 'it\"s' forest", "forest", 'it"s'),
        (r"--note a\ b", None, "a b"),
        ("--note=--loud", None, "--loud"),
        ("--note -5", None, "-5"),
        ('--note ""', None, ""),
        ("--note 'a # b'", None, "a # b"),
        ("--note '100% of {x} $y'", None, "100% of {x} $y"),
        ("-- -dash", "-dash", None),
        ("größe --note 🎉", "größe", "🎉"),
        ("--note one --note two", None, "two"),
    ],
)
def test_words_are_read_as_a_shell_reads_them(line: str, name: str | None, note: str | None) -> None:
    options = read_options(line)
    assert (options.name, options.note) == (name, note)


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("--tag a=1 --tag b=2", {"a": "1", "b": "2"}),
        ("-t a=1 -tb=2", {"a": "1", "b": "2"}),
        ("--tag=a=1", {"a": "1"}),
        ("--tag url=http://x/?q=1", {"url": "http://x/?q=1"}),
        ("--tag a=", {"a": ""}),
        ("--tag 'a b=c d'", {"a b": "c d"}),
        ("--tag a=1 --tag a=2", {"a": "2"}),
        ("--tag a==", {"a": "="}),
    ],
)
def test_tags_may_be_repeated_and_hold_equals_signs(line: str, tags: dict[str, str]) -> None:
    assert read_options(line).tags == tags


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("none", set()),
        ("' none '", set()),
        ("''", set()),
        ("a", {"a"}),
        ("a,b", {"a", "b"}),
        ("' a , b ,'", {"a", "b"}),
        ("none,a", {"none", "a"}),
        ("opt.lr,größe", {"opt.lr", "größe"}),
    ],
)
@pytest.mark.parametrize("option", ["params", "metrics"])
def test_params_and_metrics_are_named_or_turned_off(option: str, text: str, names: set[str]) -> None:
    assert getattr(read_options(f"--{option} {text}"), option) == names


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--unknown", "unrecognized arguments: --unknown"),
        ("-x", "unrecognized arguments: -x"),
        ("--no", "unrecognized arguments: --no"),
        ("--exp digits", "unrecognized arguments: --exp"),
        ("one two", "unrecognized arguments: two"),
        ("--help", "unrecognized arguments: --help"),
        ("--tag", "expected one argument"),
        ("--note", "expected one argument"),
        ("--params", "expected one argument"),
        ("--metrics --note x", "expected one argument"),
        ("--experiment", "expected one argument"),
        ("-e -t a=b", "expected one argument"),
        ("--tag stage", "has no '='"),
        ("--tag =draft", "has no '='"),
        ("--tag ' =draft'", "The name of a tag is empty"),
        ("--note 'open", "No closing quotation"),
        ('--note "open', "No closing quotation"),
        ("--note x\\", "No escaped character"),
        ("''", "The name of a run is empty"),
        ("'  '", "The name of a run is empty"),
        ("--experiment ''", "The name of an experiment is empty"),
        ("a\0b", "control characters"),
        ("a\ud800b", "half a character"),
        ("n" * 1001, "1,001 characters"),
        ("--experiment " + "e" * 10_001, "10,001 characters"),
        ("--note a\0b", "NUL"),
        ("--note \ud800", "half a character"),
        ("--tag a=\0", "NUL"),
        ("--tag 'a\x1b=b'", "control characters"),
        ("--tag a\ud800=b", "half a character"),
    ],
)
def test_a_bad_option_is_one_clear_line(line: str, says: str) -> None:
    with pytest.raises(InvalidOption, match=says) as caught:
        read_options(line)
    assert caught.value.message.startswith("%%track: ")
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert "  " not in caught.value.hint


@pytest.mark.parametrize("word", ["-x ", "-t a=b ", "a ", "--params x ", "-- -x "])
def test_a_line_of_very_many_words_is_refused_at_once(word: str) -> None:
    line = word * (LONGEST // len(word))  # argparse takes minutes: four times as long for twice as many
    began = time.process_time()
    for read in (read_options, read_sweep, asks_for_sweep):
        with pytest.raises(InvalidOption, match=r"the line has [\d,]+ words\.") as caught:
            read(line)
        assert caught.value.hint == "At most 1,000 are read."
    assert time.process_time() - began < 20


def test_a_thousand_words_are_read_and_what_is_wrong_is_quoted_in_part() -> None:
    assert read_options("-t a=b " * 500).tags == {"a": "b"}
    for line in ("-x " * 1_000, "a " * 1_000, f"--trials {'9x' * 40_000}", f"-t {'x' * 90_000}", "-t=" + "x" * 90_000):
        with pytest.raises(InvalidOption) as caught:
            read_options(line)
        assert len(str(caught.value)) < 1_500, line[:20]


def test_all_long_options_are_offered_for_completion() -> None:
    plain = {"--experiment", "--tag", "--note", "--params", "--metrics", "--no-autolog"}
    swept = {"--sweep", "--search", "--trials", "--maximize", "--minimize", "--timeout", "--seed", "--again", "--on"}
    assert set(WORDS) == plain | swept


def test_a_line_asks_for_a_sweep_with_all_that_belongs_to_it() -> None:
    line = (
        "forest --sweep lr=1e-4:1e-1:log --sweep 'opt=adam,sgd' --search tpe --trials 30 --maximize acc --timeout 10m"
    )
    spec = read_sweep(f"{line} --seed 3 --again --on dask://h:1 --tag a=b")
    assert spec is not None
    assert list(spec.axes) == ["lr", "opt"]
    assert (spec.search, spec.trials, spec.objective, spec.direction) == ("tpe", 30, "acc", "max")
    assert (spec.timeout, spec.seed, spec.again, spec.on) == (600.0, 3, True, "dask://h:1")
    assert (read_options(line).name, asks_for_sweep(line), asks_for_sweep("forest")) == ("forest", True, False)
    assert read_sweep("forest") is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--search tpe", "--search is for a sweep"),
        ("--again", "--again is for a sweep"),
        ("--sweep lr", "gives no values"),
        ("--sweep lr=1 --sweep lr=2", "values of 'lr' twice"),
        ("--sweep lr=1 --trials x", "invalid int value"),
        ("--sweep lr=1 --timeout soon", "is no time"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_said(line: str, said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        read_sweep(line) or read_options(line)


def test_the_line_of_a_trial_has_what_is_not_of_the_sweep() -> None:
    line = "forest -e digits --sweep lr=1,2 --tag a=b --tag 'c=d e' --note n --params lr --metrics=none --no-autolog"
    each = of_each(f"{line} --again", "forest-3")
    assert each == "forest-3 --experiment digits --params lr --metrics none --tag a=b --tag 'c=d e' --no-autolog"
    assert read_options(of_each("--sweep lr=1 --tag=-a=b", "-odd-1")).name == "-odd-1"
    assert read_options(of_each("--sweep lr=1 --tag=-a=b", "-odd-1")).tags == {"-a": "b"}


@pytest.mark.parametrize(
    ("cell", "options", "body"),
    [
        ("%%track", "", ""),
        ("%%track\n", "", ""),
        ("%%track\nx = 1", "", "x = 1"),
        ("%%track forest --tag a=b\nx = 1\n", "forest --tag a=b", "x = 1\n"),
        ("%%track\tforest\nx = 1", "forest", "x = 1"),
        ("\n\n  \n%%track a\nx = 1", "a", "x = 1"),
        ("%%track   \nx = 1", "", "x = 1"),
        ("%%track\r\nx = 1\r\ny = 2", "", "x = 1\r\ny = 2"),
        ("%%track a\r\nx = 1", "a", "x = 1"),
        ("%%track\n%%time\nx = 1", "", "%%time\nx = 1"),
        ("  %%track a\n  x = 1\n  if x:\n      y = 2\n", "a", "x = 1\nif x:\n    y = 2\n"),
        ("\n    %%track\n    x = 1\nz = 3", "", "x = 1\nz = 3"),
        ("%%track a\n  x = 1", "a", "  x = 1"),
    ],
)
def test_the_magics_line_is_taken_off_a_cell(cell: str, options: str, body: str) -> None:
    assert split_cell(cell) == (options, body)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "\n",
        "x = 1",
        "%%tracker\nx = 1",
        "%%track?",
        "%%tracking a",
        "%%track-all",
        "%track ls",
        "# a comment\n%%track\nx = 1",
        "%%time\n%%track\nx = 1",
        "x = 1\n%%track",
        "%% track",
        "'%%track'",
    ],
)
def test_any_other_cell_is_left_as_it_is(cell: str) -> None:
    assert split_cell(cell) == (None, cell)


@pytest.mark.parametrize(
    ("body", "python"),
    [
        ("x = 1", "x = 1"),
        ("%%time\nx = 1", "x = 1"),
        ("\n%%time\n\n%%capture out --no-stderr\nx = 1", "x = 1"),
        ("%%time\r\nx = 1", "x = 1"),
        ("%%timeit -n 1\nx = 1", "x = 1"),
        ("%%time", ""),
        ("%%bash\nls", ""),
        ("%%time\n%%bash\nls", ""),
        ("%%html\n<b>", ""),
        ("%%\nx = 1", ""),
        ("%%timer\nx = 1", ""),
        ("x = 1\n%%time", "x = 1\n%%time"),
        ("x = '''\n%%bash'''", "x = '''\n%%bash'''"),
        ("", ""),
    ],
)
def test_the_python_below_stacked_magics_is_found(body: str, python: str) -> None:
    assert python_part(body) == python
