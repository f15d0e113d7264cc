// Names that JupyterLab knows us by: plugins, commands, types.
export const NAME = "nbtrack";

/** The settings' schema, and so the plugin that reads them. */
export const SETTINGS = `${NAME}:plugin`;

export const MIME = "application/vnd.nbtrack.panel.v1+json";

export const commands = {
  /** Opens the table of a project as a tab. {project?: string, spec?: PanelSpec} */
  openRuns: `${NAME}:open-runs`,
  /** Opens one run as a tab. {project: string, run: string, name?: string} */
  openRun: `${NAME}:open-run`,
  /** Opens a comparison as a tab. {project: string, runs: string[]} */
  compare: `${NAME}:compare`,
  /** Keeps how the table in front is arranged as a file, whose name it asks for. */
  saveView: `${NAME}:save-view`,
  /** Opens a file below a project's folder, or has the browser save it. {project, path: string, download?: boolean} */
  openFile: `${NAME}:open-file`,
  /** Shows the sidebar. */
  showSidebar: `${NAME}:show-sidebar`,
  /** Puts a panel below the active cell of the notebook. */
  insertPanel: `${NAME}:insert-panel`,
  /** Makes the active cell a tracked one, or takes the line off. */
  toggleTracked: `${NAME}:toggle-tracked`,
  /** Puts the code of a run into its cell. {project: string, run: string} */
  restoreCode: `${NAME}:restore-code`,
  /** Inserts the code of a run below the active cell. {project: string, run: string} */
  insertCode: `${NAME}:insert-code`,
  /** Shows the code of a run against that of its cell as it is now. {project: string, run: string} */
  diffWithCell: `${NAME}:diff-with-cell`,
  /** Puts the params of a run into the code of its cell and runs it, after it was shown. {project: string, run: string} */
  runWithParams: `${NAME}:run-with-params`,
} as const;
