// Names with dots and slashes as a tree: "model.encoder.layers" stands under "model." and "encoder.". A part that leads
// to one thing only is no branch of its own.
export interface Leaf<T> {
  kind: "leaf";
  path: string;
  label: string;
  depth: number;
  item: T;
}
export interface Branch {
  kind: "branch";
  path: string;
  label: string;
  depth: number;
  count: number;
  open: boolean;
}

interface Node<T> {
  branches: Map<string, Node<T>>;
  leaves: [label: string, item: T][];
  count: number;
}

const LONG = 60; // leaves of a branch that begins closed
const DEEPEST = 12;

/** The rows of the tree, in the order of the items. toggled: branches that a click has opened or closed. */
export function treeRows<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  toggled: ReadonlySet<string> = new Set(),
  separators: RegExp = /(?<=[./])/,
  allOpen = false,
): (Leaf<T> | Branch)[] {
  const root: Node<T> = { branches: new Map(), leaves: [], count: 0 };
  for (const item of items) {
    const parts = nameOf(item).split(separators);
    const last = parts.splice(DEEPEST).join("") || parts.pop() || "";
    let node = root;
    node.count++;
    for (const part of parts) {
      let next = node.branches.get(part);
      if (!next) {
        next = { branches: new Map(), leaves: [], count: 0 };
        node.branches.set(part, next);
      }
      node = next;
      node.count++;
    }
    node.leaves.push([last, item]);
  }
  const rows: (Leaf<T> | Branch)[] = [];
  const walk = (node: Node<T>, path: string, depth: number) => {
    for (const [label, item] of node.leaves) rows.push({ kind: "leaf", path: path + label, label, depth, item });
    for (const [part, branch] of node.branches) {
      let [label, below] = [part, branch];
      while (below.count > 1 && !below.leaves.length && below.branches.size === 1) {
        const [[more, next]] = [...below.branches] as [[string, Node<T>]];
        label += more;
        below = next;
      }
      if (below.count === 1) {
        const [text, item] = only(below);
        rows.push({ kind: "leaf", path: path + label + text, label: label + text, depth, item });
        continue;
      }
      const own = path + label;
      const open = allOpen || below.count <= LONG !== toggled.has(own);
      rows.push({ kind: "branch", path: own, label, depth, count: below.count, open });
      if (open) walk(below, own, depth + 1);
    }
  };
  walk(root, "", 0);
  return rows;
}

function only<T>(node: Node<T>): [string, T] {
  const [first] = node.leaves;
  if (first) return first;
  const [[part, below]] = [...node.branches] as [[string, Node<T>]];
  const [text, item] = only(below);
  return [part + text, item];
}
