// What the run was made with: interpreter, machine, packages, git, session. What the other run had differently is
// marked.
import { useMemo, useState } from "react";
import { oneLine, plural, toNumber, value, when } from "../../lib/format";
import { EmptyState } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { Long, Pairs, Search, Section, useMost } from "./bits";
import { Chooser } from "./Chooser";
import { useCopy } from "./copy";
import { SELDOM, type TabProps } from "./state";
import { environmentFacts, gitState, packagesOf } from "./surroundings";

const MOST = 400;

export function Environment({ detail, explained }: TabProps) {
  const { row, environment, git, session } = detail;
  const left = explained.data?.left ?? null;
  const { data: diff } = useAsk(
    "runs.diff",
    { left: left?.id ?? "", right: row.id },
    { off: !left || left.id === row.id, every: SELDOM },
  );
  const changes = (left && diff?.changes) || [];
  const differs = changes.filter(({ what }) => what === "environment" || what === "git");
  const facts = environmentFacts(environment);
  const text = (given: unknown) => (typeof given === "string" || typeof given === "number" ? String(given) : "");
  if (!facts.length && !git && !Object.keys(session).length) {
    return <EmptyState title="No environment was recorded" />;
  }
  return (
    <div className="nbt-environment">
      <div className="nbt-run-bar">
        <Chooser run={row.id} explanation={explained.data} />
        {left && (
          <span className="nbt-dim">
            {changes.some(({ what }) => what === "package") || differs.length
              ? `What ${oneLine(left.name, 60)} had differently is marked.`
              : `Nothing here differs from ${oneLine(left.name, 60)}.`}
          </span>
        )}
      </div>
      <div className="nbt-columns">
        <Section title="Interpreter and machine">
          <Pairs items={facts} />
          {differs.map((one) => (
            <p key={`${one.what} ${one.name}`} className="nbt-was">
              {one.name}: {value(one.left, 120)} → {value(one.right, 120)}
            </p>
          ))}
        </Section>
        <Section title="Session">
          <Pairs
            items={[
              ["host", text(session.host)],
              ["kind", text(session.kind)],
              ["process", text(session.pid)],
              ["kernel", text(session.kernel_id)],
              ["started", typeof session.started === "number" ? when(toNumber(session.started)) : ""],
            ]}
          />
        </Section>
        <Git git={git} />
      </div>
      <Packages environment={environment} changes={changes} />
    </div>
  );
}

function Git({ git }: { git: TabProps["detail"]["git"] }) {
  const copy = useCopy();
  if (!git) return null;
  const commit = typeof git.commit === "string" ? git.commit : "";
  const diff = typeof git.diff === "string" ? git.diff : "";
  const dropped = toNumber(git.diff_dropped as number) || 0;
  return (
    <Section title="Git">
      <Pairs
        items={[
          [
            "commit",
            commit && (
              <button
                type="button"
                className="nbt-link-button"
                title="Copy the commit"
                onClick={() => copy(commit, "the commit")}
              >
                {gitState(git)}
              </button>
            ),
          ],
          ["remote", typeof git.remote === "string" ? <Long text={git.remote} most={120} /> : ""],
          ["untracked", typeof git.untracked === "number" && git.untracked > 0 ? plural(git.untracked, "file") : ""],
        ]}
      />
      {diff && <Patch text={diff} />}
      {dropped > 0 && <p className="nbt-cut">{dropped.toLocaleString("en-US")} more bytes were cut.</p>}
    </Section>
  );
}

/** A patch as git writes it, its lines told apart. */
function Patch({ text }: { text: string }) {
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const [most, more] = useMost(120);
  const kind = (line: string) =>
    line.startsWith("+") && !line.startsWith("+++")
      ? "nbt-diff-right"
      : line.startsWith("-") && !line.startsWith("---")
        ? "nbt-diff-left"
        : /^(?:diff|index|---|\+\+\+|@@)/.test(line)
          ? "nbt-c-comment"
          : "";
  return (
    <>
      <pre className="nbt-patch">
        {lines.slice(0, most).map((line, at) => (
          <span key={at} className={kind(line)}>
            {`${line}\n`}
          </span>
        ))}
      </pre>
      {more(lines.length, "line")}
    </>
  );
}

function Packages({
  environment,
  changes,
}: Pick<TabProps["detail"], "environment"> & { changes: Parameters<typeof packagesOf>[1] }) {
  const [search, setSearch] = useState("");
  const [most, more] = useMost(MOST);
  const packages = useMemo(() => packagesOf(environment, changes), [environment, changes]);
  const wanted = search.trim().toLowerCase();
  const shown = packages.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (!packages.length) return null;
  return (
    <Section
      title={
        <>
          Packages <span className="nbt-tab-count">{packages.length}</span>
        </>
      }
      aside={<Search label="Search packages" value={search} onType={setSearch} />}
    >
      <ul className="nbt-packages">
        {shown.slice(0, most).map(({ name, version, was }) => (
          <li key={name} className={was === undefined ? "" : "nbt-package-differs"}>
            <span>{name}</span>
            <span className="nbt-dim">
              {was !== undefined && `${was || "not there"} → `}
              {version || "not there"}
            </span>
          </li>
        ))}
      </ul>
      {!shown.length && <p className="nbt-dim">No package is called so.</p>}
      {more(shown.length, "package")}
    </Section>
  );
}
