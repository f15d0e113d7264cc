// Placeholder until its room is built.
export function Compare(_: { ids: string[] }) {
  return null;
}
