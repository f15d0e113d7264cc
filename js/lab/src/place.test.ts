import { expect, test } from "vitest";
import { folderOf, projectOf } from "./place";
import type { INbtrack } from "./tokens";

test.each([
  [".", "try.ipynb", ""],
  [".", "work/try.ipynb", "work"],
  ["..", "work/notes/try.ipynb", "work"],
  ["../..", "work/notes/try.ipynb", ""],
  ["..", "try.ipynb", null],
  ["../../..", "work/notes/try.ipynb", null],
  ["../..foo", "a/try.ipynb", "..foo"],
])("a project at '%s' of %s is '%s'", (project, notebook, expected) => {
  expect(folderOf(project, notebook)).toBe(expected);
});

function server(info: object, run: () => Promise<unknown> = async () => ({})) {
  const asked: string[] = [];
  const find = async (path: string) => {
    asked.push(path);
    return { project: path, name: "x", exists: true, inside: "", ...info };
  };
  const nbtrack = { find, server: { find }, transport: () => ({ ask: run }) } as unknown as INbtrack;
  return { asked, nbtrack };
}

test("a project is asked for once where it is there", async () => {
  const { asked, nbtrack } = server({});
  expect(await projectOf(nbtrack, { project: ".." }, "work/a/b.ipynb")).toBe("work");
  expect(asked).toEqual(["work"]);
});

test.each([
  ["the project is unknown, since it lay elsewhere", { project: "" }, {}],
  ["the project lies outside of the server's folder", { project: "../.." }, {}],
  ["the folder belongs to another project", { project: "." }, { inside: "work" }],
  ["no runs are kept there", { project: "." }, { exists: false }],
])("it is said when %s", async (_, spec, info) => {
  const { nbtrack } = server(info);
  await expect(projectOf(nbtrack, spec, "work/b.ipynb")).rejects.toMatchObject({
    hint: expect.stringContaining("Run the cell"),
  });
});

test("a run that is not there is said, another failure is passed on", async () => {
  const fails = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  const spec = { project: ".", open: "abc" };
  const gone = projectOf(server({}, fails("not_found")).nbtrack, spec, "b.ipynb");
  await expect(gone).rejects.toThrow("The run abc is not among those");
  await expect(projectOf(server({}, fails("newer")).nbtrack, spec, "b.ipynb")).rejects.toThrow("newer");
});
