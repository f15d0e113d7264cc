// Placeholder until its room is built.
export function Toolbar() {
  return null;
}
