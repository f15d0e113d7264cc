// Placeholder until its room is built.
export function Plots() {
  return null;
}
