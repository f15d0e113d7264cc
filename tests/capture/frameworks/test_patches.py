"""What is put on a framework: how it behaves meanwhile, and that nothing of it stays."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.capture import frameworks
from nbtrack.capture.frameworks import Choices
from nbtrack.capture.frameworks.imports import ImportWatch
from nbtrack.capture.frameworks.patches import NESTING, Call, Patches, Wrapped
from nbtrack.capture.frameworks.records import LIMIT, contradicted, limit, put_metrics, put_params
from nbtrack.runs.active import ActiveRun


class Base:
    """What a framework has."""

    def fit(self, x: int, *, y: int = 2) -> int:
        """Fit it."""
        return x + y

    @classmethod
    def make(cls, x: int) -> tuple[type, int]:
        """Of the class."""
        return cls, x

    @staticmethod
    def add(x: int, y: int) -> int:
        """Of nothing."""
        return x + y


class Inner(Base):
    """One that has its own fit, and uses the other's."""

    def fit(self, x: int, *, y: int = 3) -> int:
        """Fit it twice."""
        return 10 * super().fit(x, y=y)


def plain(x: int, y: int = 1) -> int:
    """Add."""
    if x < 0:
        raise ValueError("negative")
    return x + y


@pytest.fixture
def patches() -> Iterator[Patches]:
    found = Patches("fake", lambda _: Choices(), lambda module, step: None)
    yield found
    found.undo()


@pytest.fixture
def run(project: Project) -> Iterator[ActiveRun]:
    with nbtrack.start_run(project=project) as found:
        yield found


@pytest.fixture
def seen() -> list[Any]:
    return []


def test_a_method_is_looked_at_and_gives_what_it_gave(patches: Patches, run: ActiveRun, seen: list[Any]) -> None:
    patches.wrap(Base, "fit", after=lambda call: seen.append((call.subject, call.args, call.kwargs, call.result)))
    base = Base()
    assert base.fit(1, y=5) == 6
    assert seen == [(base, (1,), {"y": 5}, 6)]


def test_an_override_reaches_the_look_at_what_it_overrides(patches: Patches, run: ActiveRun, seen: list[Any]) -> None:
    patches.wrap(Base, "fit", after=lambda call: seen.append(call.result))
    assert Inner().fit(1) == 40
    assert seen == [4]


def test_class_and_static_methods_are_looked_at_as_what_they_are(
    patches: Patches, run: ActiveRun, seen: list[Any]
) -> None:
    patches.wrap(Base, "make", after=lambda call: seen.append((call.subject, call.args)))
    patches.wrap(Base, "add", after=lambda call: seen.append((call.subject, call.args)))
    assert (Inner.make(1), Inner().make(2), Base.add(1, 2), Inner().add(3, 4)) == ((Inner, 1), (Inner, 2), 3, 7)
    assert seen == [(Inner, (1,)), (Inner, (2,)), (None, (1, 2)), (None, (3, 4))]
    patches.undo()
    assert isinstance(vars(Base)["make"], classmethod)
    assert isinstance(vars(Base)["add"], staticmethod)


def test_what_is_wrapped_looks_like_what_it_stands_for(patches: Patches) -> None:
    before = inspect.signature(Base.fit)
    patches.wrap(Base, "fit", after=lambda call: None)
    assert inspect.signature(Base.fit) == before
    assert str(inspect.signature(Base().fit)) == "(x: 'int', *, y: 'int' = 2) -> 'int'"
    assert (Base.fit.__name__, Base.fit.__doc__, Base.fit.__qualname__) == ("fit", "Fit it.", "Base.fit")
    assert repr(Base.fit).startswith("<function Base.fit")
    assert "def fit" in inspect.getsource(Base.fit)


def test_undoing_leaves_exactly_what_was_there(patches: Patches) -> None:
    before = dict(vars(Base)), dict(vars(Inner))
    patches.wrap(Inner, "make", after=lambda call: None)  # inherited
    assert "make" in vars(Inner)
    for name in ("fit", "make", "add"):
        patches.wrap(Base, name, after=lambda call: None)
    patches.undo()
    assert (dict(vars(Base)), dict(vars(Inner))) == before


def test_what_somebody_put_on_top_of_us_stays_and_ours_is_silent_under_it(
    patches: Patches, run: ActiveRun, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    patches.wrap(Base, "fit", after=lambda call: seen.append(1))
    ours = Base.fit
    monkeypatch.setattr(Base, "fit", lambda self, x: ours(self, x) + 100)
    patches.undo()
    assert Base().fit(1) == 103
    assert seen == []
    monkeypatch.undo()
    ours.take_off()  # type: ignore[attr-defined]


def test_a_look_that_raises_is_told_once_and_changes_nothing(
    patches: Patches, run: ActiveRun, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(call: Call) -> None:
        call.args, call.kwargs = (1000,), {"y": 1000}
        raise KeyError("changed framework")

    patches.wrap(Base, "fit", before=look, after=look)
    assert [Base().fit(1, y=1) for _ in range(3)] == [2, 2, 2]
    told = capsys.readouterr().err
    assert told.count("autolog of fake: Base.fit could not be recorded (KeyError: 'changed framework')") == 1


def test_the_users_exception_passes_with_its_own_traceback(patches: Patches, run: ActiveRun, seen: list[Any]) -> None:
    module = ModuleType("fake")
    module.plain = plain  # type: ignore[attr-defined]
    patches.wrap(module, "plain", after=lambda call: seen.append(repr(call.error)))
    with pytest.raises(ValueError, match="negative") as caught:
        module.plain(-1)
    assert seen == ["ValueError('negative')"]
    assert caught.traceback[-1].name == "plain"


def test_a_call_without_an_object_says_what_it_always_said(patches: Patches, run: ActiveRun) -> None:
    with pytest.raises(TypeError) as plainly:
        Base.fit()  # type: ignore[call-arg]
    patches.wrap(Base, "fit", after=lambda call: None)
    with pytest.raises(TypeError) as meanwhile:
        Base.fit()  # type: ignore[call-arg]
    assert str(meanwhile.value) == str(plainly.value)


def test_an_interrupt_during_a_look_is_the_users_and_the_look_after_still_comes(
    patches: Patches, run: ActiveRun, seen: list[Any]
) -> None:
    def look(call: Call) -> None:
        raise KeyboardInterrupt

    patches.wrap(Base, "fit", before=look, after=lambda call: seen.append(type(call.error)))
    with pytest.raises(KeyboardInterrupt):
        Base().fit(1)
    assert seen == [KeyboardInterrupt]


def test_without_a_run_nobody_looks(patches: Patches, project: Project, seen: list[Any]) -> None:
    patches.wrap(Base, "fit", after=lambda call: seen.append("now and then"))
    patches.wrap(Base, "add", after=lambda call: seen.append("always"), always=True)
    assert (Base().fit(1), Base.add(1, 1)) == (3, 2)
    assert seen == ["always"]


def test_a_look_before_can_add_an_argument(patches: Patches, run: ActiveRun) -> None:
    def look(call: Call) -> None:
        call.kwargs = {**call.kwargs, "y": 7}

    patches.wrap(Base, "fit", before=look)
    assert Base().fit(1) == 8


def test_instances_methods_and_functions_pickle_as_if_nothing_was_there(patches: Patches) -> None:
    patches.wrap(Base, "fit", after=lambda call: None)
    assert isinstance(pickle.loads(pickle.dumps(Base())), Base)
    assert pickle.loads(pickle.dumps(Base().fit))(1) == 3
    module = sys.modules[__name__]
    patches.wrap(module, "plain", after=lambda call: None)
    data = pickle.dumps(vars(module)["plain"])
    assert b"nbtrack.capture" not in data
    assert pickle.loads(data)(1) == 2


def test_a_class_of_the_notebooks_own_goes_to_a_worker_process_without_us(patches: Patches) -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("class Mine:\n    def fit(self, x):\n        return x + 1\n", namespace)
    mine = namespace["Mine"]
    patches.wrap(mine, "fit", after=lambda call: None)
    data = cloudpickle.dumps(mine())
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).fit(1), 'nbtrack' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["2", "False"]


def test_a_missing_attribute_and_a_second_wrapping_are_nothing(patches: Patches) -> None:
    patches.wrap(Base, "gone", after=lambda call: None)
    assert not hasattr(Base, "gone")
    patches.wrap(Base, "fit", after=lambda call: None)
    first = vars(Base)["fit"]
    patches.wrap(Base, "fit", after=lambda call: None)
    assert vars(Base)["fit"] is first


def test_a_function_is_found_under_every_name_and_put_back_where_it_was_imported_meanwhile(
    patches: Patches, run: ActiveRun, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, other, late = ModuleType("home"), ModuleType("other"), ModuleType("late_one")
    home.train, other.fit = plain, plain  # type: ignore[attr-defined]
    monkeypatch.setattr(sys.modules["__main__"], "mine", plain, raising=False)
    patches.wrap_functions(["train"], [home, other], after=lambda call: seen.append(call.args))
    main = sys.modules["__main__"]
    assert (home.train(1), other.fit(2), main.mine(3)) == (2, 3, 4)  # type: ignore[attr-defined]
    assert seen == [(1,), (2,), (3,)]
    late.train = home.train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "late_one", late)
    patches.undo()
    held = [home.train, other.fit, main.mine, late.train]  # type: ignore[attr-defined]
    assert all(one is plain for one in held)


def test_what_a_thread_pool_does_for_a_fit_is_inside_of_it_and_other_threads_are_not() -> None:
    found: list[bool] = []

    def look(_: int) -> None:
        found.append(bool(NESTING.around()))

    mark = object()
    NESTING.enter(mark)
    with ThreadPool(1) as pool:
        pool.map(look, [1])
    thread = threading.Thread(target=look, args=(1,))
    thread.start()
    thread.join()
    NESTING.leave(mark)
    look(1)
    assert found == [True, False, False]


def test_an_import_is_noticed_and_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nbt_fake").mkdir()
    (tmp_path / "nbt_fake" / "__init__.py").write_text("x = 1\n")
    (tmp_path / "nbt_fake" / "part.py").write_text("y = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    came: list[str] = []
    watch = ImportWatch({"nbt_fake"}, came.append)
    watch.open()
    try:
        watch.when("nbt_fake.part", lambda: came.append("part"))
        import nbt_fake  # type: ignore[import-not-found]
        import nbt_fake.part  # type: ignore[import-not-found]
    finally:
        watch.close()
        sys.modules.pop("nbt_fake", None)
        sys.modules.pop("nbt_fake.part", None)
    assert came == ["nbt_fake", "part"]
    for module in (nbt_fake, nbt_fake.part):
        assert type(module.__spec__.loader).__name__ == type(module.__loader__).__name__ == "SourceFileLoader"
    assert watch not in sys.meta_path


def test_a_package_that_does_not_exist_is_missing_as_ever() -> None:
    watch = ImportWatch({"nbt_not_there"}, lambda _: None)
    watch.open()
    try:
        with pytest.raises(ModuleNotFoundError, match="No module named 'nbt_not_there'"):
            __import__("nbt_not_there")
    finally:
        watch.close()


def test_an_unknown_framework_is_named_with_those_that_are_known() -> None:
    with pytest.raises(InvalidOption, match=r"no framework 'sklaern'.*sklearn, xgboost, lightgbm"):
        nbtrack.autolog("sklaern")
    with pytest.raises(InvalidOption, match="models='yes'"):
        nbtrack.autolog("sklearn", models="yes")  # type: ignore[arg-type]


def test_autolog_stays_until_it_is_disabled_and_close_leaves_nothing() -> None:
    from sklearn.linear_model import LinearRegression

    before = vars(LinearRegression)["fit"]
    nbtrack.autolog("scikit-learn")
    nbtrack.autolog("sklearn")
    assert isinstance(vars(LinearRegression)["fit"], Wrapped)
    nbtrack.autolog("sklearn", disable=True)
    assert vars(LinearRegression)["fit"] is before
    nbtrack.autolog("sklearn")
    frameworks.close()
    assert vars(LinearRegression)["fit"] is before
    assert not any(isinstance(one, ImportWatch) for one in sys.meta_path)


# -- names of params


def test_a_param_is_named_after_its_class_and_another_object_of_it_has_a_number(run: ActiveRun) -> None:
    assert put_params(run, "Tree", {"depth": 3, "kind": "a", "data": object(), "rows": list(range(1000))}) == "Tree"
    assert put_params(run, "Tree", {"depth": 3}) == "Tree"
    assert put_params(run, "Tree", {"depth": 5}) == "Tree#2"
    assert put_params(run, "Tree", {"depth": 5, "loss": len}) == "Tree#2"
    expected = {"Tree.depth": 3, "Tree.kind": "a", "Tree#2.depth": 5, "Tree#2.loss": "len"}
    assert run.params == expected


def test_at_most_so_many_objects_of_a_class_are_told(run: ActiveRun) -> None:
    labels = [put_params(run, "Tree", {"depth": depth}) for depth in range(LIMIT + 3)]
    assert labels[-3:] == [None] * 3
    assert len(run.params) == LIMIT


def test_what_was_given_by_hand_stands(run: ActiveRun) -> None:
    run.set_params({"Tree.depth": 1})
    put_params(run, "Tree", {"depth": 3, "kind": "a"})
    assert run.params == {"Tree.depth": 1, "Tree.kind": "a"}


def test_only_the_names_that_were_asked_for_are_kept(run: ActiveRun) -> None:
    limit(run, frozenset({"Tree"}), frozenset({"score"}))
    put_params(run, "Tree", {"depth": 3})
    put_params(run, "Bush", {"depth": 3})
    put_metrics(run, {"score": 1.0, "fit_seconds": 2.0})
    assert (run.params, run.last) == ({"Tree.depth": 3}, {"score": 1.0})
    limit(run, frozenset(), frozenset())
    put_metrics(run, {"score": 2.0})
    assert run.last == {"score": 1.0}


def test_a_keyword_in_the_code_gives_way_to_what_was_seen(run: ActiveRun) -> None:
    put_params(run, "Tree", {"depth": 3})
    assert contradicted(run, "Tree.depth")
    assert contradicted(run, "Tree#2.depth")
    assert not contradicted(run, "Tree.other")
    assert not contradicted(run, "Bush.depth")
    put_params(run, "Tree", {"depth": 4})
    assert contradicted(run, "Tree.other")
