"""The table of verbs. What they do lies in the modules beside it, imported when a verb is used."""

from __future__ import annotations

from nbtrack.sdk.verbs.parsing import Verb, positive, whole
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
FORMATS = ("html", "md", "tex", "csv", "json", "parquet", "ipynb", "py", "zip")

_REMOTE = arg("remote", metavar="REMOTE", nargs="?", help="the server's address (default: the one named last)")

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
                arg("-n", "--limit", metavar="N", type=whole, default=20, help="at most so many (default: 20)"),
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
                arg("-n", "--limit", metavar="N", type=whole, default=20, help="at most so many found (default: 20)"),
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
            "puts the code of a run back into its cell; or brings the whole project back from a backup, with --from",
            "restore @3",
            "restoring:restore",
            (
                arg("run", metavar="RUN", nargs="?", help=RUN),
                arg(
                    "--from", dest="source", metavar="FILE", help="no run: all runs, from a backup; see `backup --list`"
                ),
                arg("--force", action="store_true", help="--from: also while other processes record here"),
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
            "writes runs into a file: report, table, data, notebook, script or bundle",
            'export "metrics.acc > 0.9" -o runs.csv',
            "exporting:export",
            (
                arg("filter", metavar="FILTER", nargs="*", help="such as metrics.acc > 0.9; or runs: @1 @2"),
                arg("-o", "--output", metavar="FILE", help="write here (default: print)"),
                arg("-t", "--format", choices=FORMATS, help="default: what FILE ends with, else csv"),
                arg("--run", metavar="RUN", action="append", default=[], help=f"{RUN}; may be repeated"),
                _SORT,
                _COLUMNS,
                arg("-n", "--limit", metavar="N", type=whole, help="at most so many (default: all)"),
                arg("--mean-over", metavar="P,Q", action="append", default=[], help="md, tex: mean ± sd over params"),
                arg("--digits", metavar="N", type=whole, help="md, tex: significant digits"),
                arg("--title", metavar="TEXT", help="a heading or caption"),
                arg("--static", action="store_true", help="html: pictures only"),
                arg("--points", action="store_true", help="json: with all points of all metrics"),
                arg("--plain", action="store_true", help="py: without nbtrack"),
                arg("--overwrite", action="store_true", help="also a notebook or script that is not an export"),
                *_SCOPE,
            ),
        ),
        Verb(
            "import",
            "brings in runs of other places: a bundle, a project, MLflow, W&B, TensorBoard and more",
            "import ../other/.nbtrack --dry-run",
            "importing:import_runs",
            (
                arg("source", metavar="SOURCE", help="a file, a folder or a server's address"),
                arg("--from", dest="tool", metavar="TOOL", help="whose it is (default: what it looks like)"),
                arg("--dry-run", action="store_true", help="only say what would come"),
                arg("-e", "--experiment", metavar="E", help="put all runs into this experiment"),
                arg(
                    "--map",
                    metavar="COLUMN=FIELD",
                    action="append",
                    default=[],
                    help="of tables: what a column is, such as lr=params.lr; may be repeated",
                ),
                arg("--option", metavar="K=V", action="append", default=[], help="a further option of the tool"),
            ),
        ),
        Verb(
            "push",
            "sends runs to an MLflow server: what is new, and what has changed since the last time",
            'push https://mlflow.example.org "metrics.acc > 0.9"',
            "syncing:push",
            (
                arg("remote", metavar="REMOTE", help="the server's address, as MLflow's tracking URI; - for the last"),
                _FILTER,
                *_SCOPE,
            ),
        ),
        Verb(
            "pull",
            "fetches runs from an MLflow server, and what has changed there",
            "pull https://mlflow.example.org -e churn",
            "syncing:pull",
            (
                _REMOTE,
                arg(
                    "-e",
                    "--experiment",
                    metavar="E",
                    action="append",
                    default=[],
                    help="only this one; may be repeated",
                ),
            ),
        ),
        Verb(
            "sync",
            "keeps this project and an MLflow server together: pulls, then pushes",
            "sync https://mlflow.example.org --watch",
            "syncing:sync",
            (
                _REMOTE,
                arg("-w", "--watch", action="store_true", help="go on until it is stopped, in a process of its own"),
                arg("--every", metavar="S", type=float, default=5.0, help="seconds between two looks (default: 5)"),
                arg("--stop", action="store_true", help="end the one that this notebook began"),
                arg("--tied", action="store_true", help="end when the standard input does"),
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
                arg("--timeout", metavar="S", type=positive, help="seconds that a cell may take (default: any)"),
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
                arg("--timeout", metavar="S", type=positive, help="seconds that a cell may take (default: any)"),
            ),
        ),
        Verb(
            "backup",
            "keeps a copy of the whole project in one file; `restore --from FILE` brings it back",
            "backup ~/copies/digits.zip",
            "backing:backup",
            (
                arg("file", metavar="FILE", nargs="?", help="a zip file or a folder (default: .nbtrack/backups)"),
                arg("-l", "--list", action="store_true", help="list the backups in .nbtrack/backups, the newest first"),
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
        Verb(
            "doctor",
            "looks for what is wrong with the store; with --repair mends what can be mended",
            "doctor --deep",
            "project:doctor",
            (
                arg("--deep", action="store_true", help="look at every page, row and file too"),
                arg("--repair", action="store_true", help="mend what can be mended; deletes nothing, moves it aside"),
            ),
        ),
    )
}
