// Placeholder until its room is built.
export function RunsTable() {
  return null;
}
