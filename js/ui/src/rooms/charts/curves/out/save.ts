// Files that the browser saves.

/** A metric's name as the name of a file, on every system. */
export function fileName(metric: string, kind: string): string {
  const safe = metric
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+/, "")
    .slice(0, 80);
  return `${safe || "metric"}.${kind}`;
}

export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type: `${type};charset=utf-8` }), name);
}

function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Some browsers read it only after this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const SHARPER = 2; // pixels of the picture for each of the screen's

/** The same picture as the SVG, as pixels. */
export async function savePng(picture: { svg: string; width: number; height: number }, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture.svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.width * SHARPER;
  canvas.height = picture.height * SHARPER;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((take) => canvas.toBlob(take, "image/png"));
  if (!blob) throw new Error("The browser made no picture of it.");
  saveBlob(blob, name);
}
