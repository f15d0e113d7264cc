// Placeholder until its room is built.
export function OneRun(_: { id: string }) {
  return null;
}
