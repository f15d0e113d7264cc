// Placeholder until its room is built.
export function SelectionBar() {
  return null;
}
