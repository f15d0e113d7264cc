// Where a cell is: its notebook and project, and what can be done from there.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { Cell, ICellModel } from "@jupyterlab/cells";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import { commands as ids } from "../ids";
import type { ProjectInfo } from "../server";
import type { INbtrack } from "../tokens";

/** What everything next to cells needs of JupyterLab. */
export interface Base {
  readonly app: JupyterFrontEnd;
  readonly nbtrack: INbtrack;
  readonly notebooks: INotebookTracker;
}

/** A run, as the commands name it. */
export interface Of {
  project: string;
  run: string;
}

/** A cell of an open notebook. */
export interface At {
  panel: NotebookPanel;
  cell: Cell<ICellModel>;
}

/** The cell that a line stands in. */
export class Here implements At {
  constructor(
    readonly base: Base,
    readonly panel: NotebookPanel,
    readonly cell: Cell<ICellModel>,
    readonly info: () => ProjectInfo | null,
  ) {}

  get project(): string {
    return this.info()?.project ?? "";
  }

  execute(command: string, given: Parameters<JupyterFrontEnd["commands"]["execute"]>[1]): void {
    void this.base.app.commands.execute(command, given);
  }

  /** All runs of the cell, in the table. */
  openAll(): void {
    const info = this.info();
    if (!info || this.cell.isDisposed) return;
    const also = [`cell = ${JSON.stringify(this.cell.model.id)}`];
    this.execute(ids.openRuns, { project: info.project, spec: { notebook: info.inside, also } });
  }
}
