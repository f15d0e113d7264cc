"""What TensorBoard's events say: scalars, hparams, and what was drawn, by its own protocol buffers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbtrack.transfer.importers import parts
from nbtrack.transfer.importers.parts import Chunks, Notes
from nbtrack.transfer.importers.tensorboard_frames import records
from nbtrack.transfer.records import File, Points

_DRAWN = {"images": "images", "audio": "audio", "text": "text"}  # plugins whose data become files, and their folders
_OLD = {"image": "images", "audio": "audio", "histo": "histograms"}  # of TensorFlow 1
_STATUSES = {1: "finished", 2: "failed"}  # as the hparams plugin numbers them
_SUFFIXES = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"GIF8", "gif"), (b"RIFF", "wav"))
_SINGLE = {1: "float_val", 2: "double_val"}  # where a tensor of one number keeps it, by its type

_KEPT = 4_000_000  # points that are kept from the first pass: what is larger is read twice

Drawn = tuple[str, str, int, float, Any]  # plugin, name, step, Unix seconds, the value as it came


class Events:
    """TensorBoard's modules, imported once. room: how many points may still be kept in memory."""

    def __init__(self) -> None:
        what = "Event files of TensorBoard"
        self.parse = parts.need("tensorboard.compat.proto.event_pb2", what, "tensorboard").Event.FromString
        self.hparams = parts.need("tensorboard.plugins.hparams.plugin_data_pb2", what, "tensorboard").HParamsPluginData
        self.array = parts.need("tensorboard.util.tensor_util", what, "tensorboard").make_ndarray
        self.room = _KEPT


class Scan:
    """A folder's events. left: the tags that stay there, by plugin. first, last: Unix seconds."""

    def __init__(self, folder: Path, files: list[Path], events: Events) -> None:
        self.folder = folder
        self.files = files
        self.notes = Notes()
        self.hparams: dict[str, Any] = {}
        self.left: dict[str, set[str]] = {}
        self.status: str | None = None
        self.first, self.last = float("inf"), 0.0
        self.drawn = False
        self._events = events
        self._plugins: dict[str, str] = {}
        self._kept: list[Points] = []
        self._whole = False

    @classmethod
    def of(cls, folder: Path, files: list[Path], events: Events) -> Scan:
        """Read a folder's files through."""
        scan = cls(folder, files, events)
        chunks = Chunks()
        for event, value, kind in scan._values(scan.notes):
            time = event.wall_time
            scan.first, scan.last = min(scan.first, time), max(scan.last, time)
            if kind == "scalars":
                if events.room > 0:
                    scan._kept += chunks.add(value.tag, event.step, time, scan._number(value))
                    events.room -= 1
            elif kind == "hparams":
                scan._take_hparams(value)
            elif kind in _DRAWN:
                scan.drawn = True
            elif value is not None:
                scan.left.setdefault(kind, set()).add(getattr(value, "tag", "graph"))
        scan._kept += chunks.rest()
        scan._whole = events.room > 0
        scan.first = min(scan.first, scan.last)
        return scan

    def points(self) -> Iterator[Points]:
        """The scalars in their order."""
        if self._whole:
            yield from self._kept
            return
        chunks = Chunks()
        for event, value, kind in self._values(Notes()):
            if kind == "scalars":
                yield from chunks.add(value.tag, event.step, event.wall_time, self._number(value))
        yield from chunks.rest()

    def drawings(self) -> Iterator[Drawn]:
        """Images, sounds and texts in their order."""
        for event, value, kind in self._values(Notes()) if self.drawn else ():
            if kind in _DRAWN:
                yield kind, value.tag, event.step, event.wall_time, value

    def strings(self, value: Any) -> list[bytes]:
        """The texts of a tensor of texts."""
        return [one if isinstance(one, bytes) else str(one).encode() for one in self._events.array(value.tensor).flat]

    def _values(self, notes: Notes) -> Iterator[tuple[Any, Any, str]]:
        """(event, value, plugin) of each value; of an event without any, None and what else it is."""
        parse, plugins = self._events.parse, self._plugins
        for path in self.files:
            for count, record in enumerate(records(path, notes), 1):
                try:
                    event = parse(record)
                    found = [
                        (value, "scalars" if value.HasField("simple_value") else self._kind(value, plugins))
                        for value in event.summary.value
                    ]
                except Exception as error:  # whatever its protocol buffers raise
                    raise parts.broken(path, f"{type(error).__name__}: {error}", f"record {count}") from error
                for value, kind in found:
                    yield event, value, kind
                if not found:
                    graph = event.WhichOneof("what") in ("graph_def", "meta_graph_def")
                    yield event, event if graph else None, "graphs"

    def _kind(self, value: Any, plugins: dict[str, str]) -> str:
        which = value.WhichOneof("value")
        if which != "tensor":
            if which is None and value.metadata.plugin_data.plugin_name == "hparams":
                return "hparams"
            return _OLD.get(which, "values of another kind")
        name = value.metadata.plugin_data.plugin_name
        if name:
            plugins[value.tag] = name  # said once; later values of the tag leave it out
        else:
            name = plugins.get(value.tag, "")
        if not name and value.tensor.dtype in _SINGLE and not value.tensor.tensor_shape.dim:
            return "scalars"
        return name or "tensors"

    def _number(self, value: Any) -> float:
        if value.HasField("simple_value"):
            return float(value.simple_value)
        tensor = value.tensor
        held: Any = getattr(tensor, _SINGLE.get(tensor.dtype, ""), ())
        if len(held) == 1:
            return float(held[0])
        return float(self._events.array(tensor).reshape(()))

    def _take_hparams(self, value: Any) -> None:
        data = self._events.hparams.FromString(value.metadata.plugin_data.content)
        for name, one in data.session_start_info.hparams.items():
            which = one.WhichOneof("kind")
            found = getattr(one, which) if which in ("number_value", "string_value", "bool_value") else str(one)
            # It keeps integers as floats, too.
            self.hparams[name] = int(found) if type(found) is float and found.is_integer() else found
        if data.HasField("session_end_info"):
            self.status = _STATUSES.get(data.session_end_info.status, self.status)


def files_of(scan: Scan) -> Iterator[File]:
    """What was drawn, as files: ``images/TAG/STEP.png``."""
    for kind, tag, step, time, value in scan.drawings():
        with parts.reading(scan.folder, f"'{parts.brief(tag)}' at step {step}"):
            contents = _contents(scan, kind, value)
        for number, data in enumerate(contents):
            name = str(step) if len(contents) == 1 else f"{step}-{number}"
            path = parts.inside_path(f"{_DRAWN[kind]}/{tag}/{name}.{_suffix(kind, data)}")
            yield File(path, parts.of_bytes(data), kind="media", created=time, size=len(data))


def _contents(scan: Scan, kind: str, value: Any) -> list[bytes]:
    which = value.WhichOneof("value")
    if which == "image":
        return [value.image.encoded_image_string]
    if which == "audio":
        return [value.audio.encoded_audio_string]
    found = scan.strings(value)
    if kind == "images":
        return found[2:]  # the first two are width and height
    return found[::2] if kind == "audio" and len(found) > 1 else found  # sounds with a label each


def _suffix(kind: str, data: bytes) -> str:
    if kind == "text":
        return "txt"
    return next((suffix for magic, suffix in _SUFFIXES if data.startswith(magic)), "bin")
