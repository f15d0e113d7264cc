// The list of one project.
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { ErrorNote } from "../../parts/Notes";
import { ExportMenu } from "../export/ExportMenu";
import { exportChoices, openerOf } from "./exporting";
import { type FormPlace, Forms } from "./Forms";
import { Head } from "./Head";
import type { Host, Spot } from "./host";
import { type Directions, memoryOf, questionOf, type Section, useBrowse } from "./memory";
import { type MenuPlace, RowMenu } from "./RowMenu";
import { Rows } from "./Rows";
import { Running } from "./Running";
import { SearchBox } from "./SearchBox";
import { Sections } from "./Sections";
import { SelectedBar } from "./SelectedBar";
import { Nothing } from "./States";
import { useActions } from "./useActions";
import { useList, useNow } from "./useList";
import { usePicking } from "./usePicking";
import { ViewMenu } from "./ViewMenu";

interface Props {
  spot: Spot;
  section: Section;
  onSection: (section: Section) => void;
  host: Host;
  visible: boolean;
  directions: Directions;
}

export function Browser({ spot, section, onSection, host, visible, directions }: Props) {
  const { project, name, notebook, transport } = spot;
  const memory = memoryOf(transport);
  const { list } = memory;
  const shown = notebook === null ? "project" : section;
  const asked = useBrowse(
    memory,
    useShallow(({ filter, order, metric, starred, statuses }) => ({ filter, order, metric, starred, statuses })),
  );
  const question = useMemo(
    () => questionOf(asked, shown === "notebook" ? notebook : null, directions),
    [asked, shown, notebook, directions],
  );
  useList(list, question, visible);
  const selected = useBrowse(memory, (one) => one.selected);
  // Each second while something is told by the second, else often enough for "3 min ago".
  const now = useNow(list.running.length > 0 ? 1 : 20, visible);
  const actions = useActions(memory, spot, host);
  const picking = usePicking(memory, actions);
  const input = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const id = useId();
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const [form, setForm] = useState<(FormPlace & { anchor: RefObject<HTMLElement | null> }) | null>(null);
  const [renaming, setRenaming] = useState<string | null>(null);

  const focusList = useCallback(
    () => body.current?.querySelector<HTMLElement>("[role='grid']")?.focus({ preventScroll: true }),
    [],
  );
  const rowOf = useCallback((run: string) => document.getElementById(`${id}-${run}`) ?? body.current, [id]);
  const events = useMemo(
    () => ({
      open: (run: string) => {
        const row = list.find(run);
        if (row) actions.open(row);
      },
      star: (run: string) => {
        const starred = !list.find(run)?.starred;
        list.patch(run, { starred });
        void actions.edit([run], { starred }, true);
      },
      menu: (run: string, _index: number, x: number, y: number) => {
        const row = list.find(run);
        memory.browse.getState().set({ active: run });
        if (row) setMenu({ row, x, y });
      },
      rename: (run: string, name: string | null) => {
        if (document.activeElement?.closest(".nbt-side-field")) focusList();
        setRenaming(null);
        if (name === null) return;
        list.patch(run, { name });
        void actions.edit([run], { name });
      },
    }),
    [list, memory, actions, focusList],
  );
  const openForm = useCallback(
    (kind: FormPlace["kind"], runs: string[]) => {
      const anchor = { current: rowOf(memory.browse.getState().active ?? runs[0] ?? "") };
      setForm({ kind, runs, anchor });
    },
    [memory, rowOf],
  );
  // The keyboard is the rows' at once: after the next picture, as below, would be too late for the next key.
  const back = useCallback(() => {
    if (document.activeElement?.closest(".nbt-popover")) focusList();
  }, [focusList]);
  const closeForm = useCallback(() => {
    back();
    setForm(null);
  }, [back]);
  const closeMenu = useCallback(() => {
    back();
    setMenu(null);
  }, [back]);
  useFocusBack(body, menu !== null || form !== null || renaming !== null, focusList);

  const onKey = (event: KeyboardEvent<HTMLElement>, run: string | null): boolean => {
    const { selected } = memory.browse.getState();
    const chosen = selected.size && (run === null || selected.has(run)) ? [...selected] : run === null ? [] : [run];
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a") return false;
      void picking.all();
      return true;
    }
    if (event.key === "/") {
      input.current?.focus();
      input.current?.select();
      return true;
    }
    if (event.key === "Escape") {
      if (!selected.size && memory.browse.getState().partner === null) return false;
      picking.clear();
      return true;
    }
    if (run === null || event.altKey) return false;
    const menuKey = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
    const keys: Record<string, () => unknown> = {
      Enter: () => {
        const { partner } = memory.browse.getState();
        if (partner === null) return events.open(run);
        picking.press(run, list.placeOf(run) ?? 0, { toggle: false, extend: false });
      },
      " ": () => picking.toggle(run),
      Delete: () => actions.trash(chosen),
      F2: () => setRenaming(run),
      s: () => events.star(run),
      t: () => openForm("tags", chosen),
      n: () => openForm("note", [run]),
      c: () => chosen.length > 1 && host.can("compare", { project, runs: chosen }) && actions.compare(chosen),
    };
    const act = keys[event.key];
    if (menuKey) {
      const { left, bottom } = (rowOf(run) as HTMLElement).getBoundingClientRect();
      events.menu(run, 0, left + 24, bottom - 8);
    } else if (act) act();
    else return false;
    return true;
  };

  const spec = { filter: asked.filter, ...(shown === "notebook" ? { notebook } : {}) };
  const openTable = () => void host.run("openRuns", { project, spec }).catch(actions.fail);
  const rows = (form?.runs ?? []).flatMap((run) => list.find(run) ?? []);
  return (
    <>
      <Head
        name={name}
        title={project ? `${name} (${project})` : name}
        host={host}
        onTable={host.can("openRuns", { project, spec }) ? openTable : undefined}
      />
      <Running
        running={list.running}
        now={now}
        directions={directions}
        onOpen={(held) => actions.open(held.row)}
        onMenu={(held, x, y) => setMenu({ row: held.row, x, y })}
      />
      {notebook !== null && (
        <Sections notebook={notebook} shown={shown} memory={memory} visible={visible} onSection={onSection} />
      )}
      <div className="nbt-side-tools">
        <SearchBox memory={memory} input={input} onLeave={focusList} />
        <ViewMenu memory={memory} />
        <ExportMenu
          iconOnly
          choices={exportChoices(question, notebook, selected, list.matched)}
          openFile={openerOf(host, project, actions.fail)}
        />
      </div>
      <div className="nbt-side-body" ref={body}>
        {list.error && list.matched === undefined ? (
          <ErrorNote error={list.error} again={() => list.again()} />
        ) : (
          <>
            {list.error && (
              <div className="nbt-side-late" role="alert">
                <span title={list.error.hint}>{list.error.message}</span>
                <button type="button" onClick={() => list.again()}>
                  Ask again
                </button>
              </div>
            )}
            {list.matched === 0 ? (
              <Nothing memory={memory} section={shown} host={host} onProject={() => onSection("project")} />
            ) : (
              <Rows
                key={project}
                id={id}
                memory={memory}
                now={now}
                directions={directions}
                picking={picking}
                renaming={renaming}
                events={events}
                onKey={onKey}
              />
            )}
          </>
        )}
      </div>
      <SelectedBar
        memory={memory}
        project={project}
        host={host}
        actions={actions}
        onTags={(runs, anchor) => setForm({ kind: "tags", runs, anchor })}
        onClear={picking.clear}
      />
      {menu && (
        <RowMenu
          at={menu}
          project={project}
          memory={memory}
          host={host}
          actions={actions}
          onRename={setRenaming}
          onForm={openForm}
          onClose={closeMenu}
        />
      )}
      {form && <Forms form={form} rows={rows} anchor={form.anchor} actions={actions} onClose={closeForm} />}
    </>
  );
}

/** When what stood over the rows is gone, and the keyboard with it, it is theirs again. */
function useFocusBack(body: RefObject<HTMLElement>, over: boolean, focusList: () => void): void {
  const before = useRef(over);
  useEffect(() => {
    const now = document.activeElement;
    const lost = now === null || now === document.body || body.current?.contains(now);
    if (before.current && !over && lost) focusList();
    before.current = over;
  }, [body, over, focusList]);
}
