"""The table of verbs. What they do lies in the modules beside it, imported when a verb is used."""

from __future__ import annotations

from nbtrack.sdk.verbs.parsing import Verb
from nbtrack.sdk.verbs.parsing import argument as arg

RUN = "id, beginning of an id, name, or @1 for the latest, @2 for the one before"
_RUN = arg("run", metavar="RUN", help=RUN)
_RUNS = arg("runs", metavar="RUN", nargs="+", help=RUN)
_FILTER = arg("filter", metavar="FILTER", nargs="*", help="such as params.lr < 0.01 and metrics.acc > 0.9")
_SCOPE = (
    arg("-e", "--experiment", metavar="E", help="only runs of this experiment"),
    arg("--notebook", metavar="N", help="only runs of this notebook"),
    arg("--trash", action="store_true", help="the runs in the trash instead"),
)
_SORT = arg(
    "-s", "--sort", metavar="KEY", action="append", default=[], help="-metrics.acc is descending; may be repeated"
)
_COLUMNS = arg(
    "-c", "--columns", metavar="A,B", action="append", default=[], help="params.lr, metrics.acc, tags.best, params.*"
)

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "ls",
            "lists runs, the latest first; takes a filter",
            'ls "metrics.acc > 0.9" --sort -metrics.acc -n 5',
            "reading:ls",
            (
                _FILTER,
                _SORT,
                _COLUMNS,
                arg("-n", "--limit", metavar="N", type=int, default=20, help="at most so many (default: 20)"),
                *_SCOPE,
            ),
        ),
        Verb(
            "panel",
            "opens the interactive panel: table, charts, comparison; best in a notebook",
            'panel "metrics.acc > 0.9" --sort -metrics.acc',
            "panel:panel",
            (
                _FILTER,
                _SORT,
                _COLUMNS,
                arg(
                    "-m", "--metrics", metavar="M,N", action="append", default=[], help="the metrics to draw curves of"
                ),
                arg("--run", metavar="RUN", help=f"open on one run: {RUN}"),
                *_SCOPE[:2],
            ),
        ),
        Verb("show", "shows one run: params, metrics, code, output", "show @1", "reading:show", (_RUN,)),
        Verb(
            "compare",
            "compares runs: what differs, which is best",
            "compare @1 @2 --baseline @2",
            "reading:compare_runs",
            (
                arg("runs", metavar="RUN", nargs="*", help=RUN),
                arg("-f", "--filter", metavar="FILTER", help="the runs that it finds, beside those named"),
                _SORT,
                arg("-n", "--limit", metavar="N", type=int, default=20, help="at most so many found (default: 20)"),
                arg("-b", "--baseline", metavar="RUN", help="measure the others against this one (default: the first)"),
                arg("-a", "--all", action="store_true", help="also show what is the same in all"),
            ),
        ),
        Verb(
            "diff",
            "shows what changed from one run to another: code, params, metrics, packages",
            "diff @2 @1",
            "reading:diff_runs",
            (arg("left", metavar="LEFT", help=RUN), arg("right", metavar="RIGHT", help="the run to compare it with")),
        ),
        Verb(
            "explain",
            "says why a run came out differently from another, the likeliest cause first",
            "explain @1 --against @2",
            "tracing:explain",
            (_RUN, arg("--against", metavar="RUN", help="the run to compare it with (default: the one before it)")),
        ),
        Verb(
            "lineage",
            "shows the cells that a run comes from, and what the notebook hides of them",
            "lineage @1",
            "tracing:lineage",
            (_RUN,),
        ),
        Verb("code", "prints the cell of a run as it was run", "code @1", "reading:code", (_RUN,)),
        Verb(
            "restore",
            "puts the code of a run back into its cell; prints it where there is none",
            "restore @3",
            "restoring:restore",
            (
                _RUN,
                arg("-b", "--below", action="store_true", help="into a new cell below this one"),
                arg("-p", "--params", action="store_true", help="only its params: the rest of the cell stays as it is"),
            ),
        ),
        Verb(
            "artifacts",
            "lists the files of a run, or shows or saves one",
            "artifacts @1 plots/roc.png --save roc.png",
            "reading:artifacts",
            (
                _RUN,
                arg("path", metavar="PATH", nargs="?", help="one of its files"),
                arg("-o", "--save", metavar="FILE", help="write that file here"),
            ),
        ),
        Verb("keys", "lists the names of params, metrics and tags", "keys", "reading:keys"),
        Verb(
            "experiments",
            "lists the experiments, renames one, or merges one into another",
            "experiments rename old new",
            "editing:experiments",
            (
                arg(
                    "change",
                    metavar="WORD",
                    nargs="*",
                    help="'rename OLD NEW' or 'merge OLD INTO'; without, they are listed",
                ),
            ),
        ),
        Verb(
            "tag",
            "sets tags of a run",
            "tag @1 stage=draft --remove old",
            "editing:tag",
            (
                _RUN,
                arg("tags", metavar="K=V", nargs="*", help="a tag and its value"),
                arg("-r", "--remove", metavar="K", action="append", default=[], help="take a tag off; may be repeated"),
            ),
        ),
        Verb(
            "note",
            "sets the note of a run, or shows it",
            'note @1 "deeper trees overfit"',
            "editing:note",
            (_RUN, arg("text", metavar="TEXT", nargs="*", help='the note; "" takes it away')),
        ),
        Verb("star", "gives runs a star", "star @1", "editing:star", (_RUNS,)),
        Verb("unstar", "takes the star away", "unstar @1", "editing:unstar", (_RUNS,)),
        Verb(
            "rename",
            "gives a run another name",
            "rename @1 best-forest",
            "editing:rename",
            (_RUN, arg("name", metavar="NAME", help="its new name")),
        ),
        Verb("rm", "moves runs to the trash", "rm @1", "editing:rm", (_RUNS,)),
        Verb("untrash", "takes runs out of the trash", "untrash quiet-otter-42", "editing:untrash", (_RUNS,)),
        Verb("undo", "takes back the last edit; again, the one before", "undo", "editing:undo"),
        Verb(
            "purge",
            "empties the trash for good and frees its space",
            "purge --yes",
            "editing:purge",
            (arg("-y", "--yes", action="store_true", help="do not ask"),),
        ),
        Verb(
            "export",
            "writes runs as CSV or JSON",
            'export "metrics.acc > 0.9" -o runs.csv',
            "exporting:export",
            (
                _FILTER,
                arg("-o", "--output", metavar="FILE", help="write here (default: print)"),
                arg("-t", "--format", choices=("csv", "json"), help="default: what FILE ends with, else csv"),
                _SORT,
                _COLUMNS,
                *_SCOPE,
            ),
        ),
        Verb(
            "run",
            "executes a notebook with params, as a run; without a notebook it lists the entry points of nbtrack.toml",
            "run train.ipynb -p lr=0.1 -p depth=4",
            "executing:run",
            (
                arg("notebook", metavar="NOTEBOOK", nargs="?", help="a file that ends in .ipynb; it stays as it is"),
                arg("-p", "--param", metavar="K=V", action="append", default=[], help="a param; may be repeated"),
                arg("--entry", metavar="NAME", help="an entry point of nbtrack.toml in place of a notebook"),
                arg("-o", "--output", metavar="OUT.ipynb", help="write the executed notebook here"),
                arg("--name", metavar="NAME", help="a name for the run (one is made up without)"),
                arg("-e", "--experiment", metavar="E", help="the experiment it belongs to (default: the notebook)"),
                arg("-k", "--kernel", metavar="K", help="a kernel that Jupyter knows (default: the notebook's)"),
                arg("--timeout", metavar="S", type=int, help="seconds that a cell may take (default: any)"),
                arg("--on", metavar="URL", help="where: dask://HOST:PORT (default: here)"),
            ),
        ),
        Verb(
            "reproduce",
            "executes the cells behind a run in a fresh kernel and compares the metrics",
            "reproduce @1 --tolerance 1e-3",
            "executing:reproduce",
            (
                _RUN,
                arg("--env", action="store_true", help="in the environment that the run recorded, made by uv or pip"),
                arg(
                    "--tolerance",
                    metavar="T",
                    type=float,
                    default=1e-6,
                    help="how far metrics may differ, relative to the larger one (default: 1e-6)",
                ),
                arg("--timeout", metavar="S", type=int, help="seconds that a cell may take (default: any)"),
            ),
        ),
        Verb("status", "says where the runs are kept and what is kept", "status", "project:status"),
        Verb(
            "init",
            "keeps the runs of a project in the folder you name",
            "init .",
            "project:init",
            (arg("folder", metavar="FOLDER", nargs="?", default=".", help="the project's folder (default: this one)"),),
        ),
        Verb("doctor", "looks for what is wrong with the store", "doctor", "project:doctor"),
    )
}
