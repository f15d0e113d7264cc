// Placeholder until its room is built.
export function Curves() {
  return null;
}
