// The content of artifacts: what kind of preview a file gets, and its bytes in the forms that previews need. Nothing is
// unpickled or executed, and no path is ever used as one: it is a name.
import { useCallback, useEffect, useState } from "react";
import { AskError } from "../../api/transport";
import type { Artifact } from "../../contract";
import { size } from "../../lib/format";
import { usePanel } from "../../state/panel";

export type Preview = "picture" | "svg" | "html" | "table" | "json" | "audio" | "video" | "python" | "text" | "none";

// Only these types are ever given to a blob: none of them is a document that could run in the page's origin.
const PICTURES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
};
const SOUNDS: Record<string, string> = {
  wav: "audio/wav",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  opus: "audio/ogg",
  flac: "audio/flac",
  m4a: "audio/mp4",
  aac: "audio/aac",
};
const VIDEOS: Record<string, string> = {
  mp4: "video/mp4",
  m4v: "video/mp4",
  webm: "video/webm",
  ogv: "video/ogg",
  mov: "video/quicktime",
};
const MIMES: Record<string, Preview> = {
  "image/svg+xml": "svg",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/csv": "table",
  "text/tab-separated-values": "table",
  "application/json": "json",
  "text/x-python": "python",
};
const ENDINGS: Record<string, Preview> = {
  svg: "svg",
  html: "html",
  htm: "html",
  csv: "table",
  tsv: "table",
  json: "json",
  ipynb: "json",
  geojson: "json",
  py: "python",
  pyi: "python",
};
const TEXTS = new Set(
  (
    "txt md rst log yaml yml toml ini cfg conf sh bash js ts tsx jsx css tex bib sql r jl c h cpp hpp rs go java xml diff " +
    "patch jsonl ndjson env lock proto make dockerfile gitignore"
  ).split(" "),
);
/** Bytes that a preview asks for. */
export const LIMITS: Record<Preview, number> = {
  picture: 16 << 20,
  audio: 16 << 20,
  svg: 2 << 20,
  html: 2 << 20,
  json: 2 << 20,
  table: 1 << 20,
  python: 1 << 19,
  text: 1 << 19,
  video: 0, // played from an address, or not at all
  none: 0,
};
const MOST = 16 << 20; // bytes of one answer

export function ending(path: string): string {
  const name = path.split(/[/\\]/).at(-1) ?? "";
  return name.includes(".") ? (name.split(".").at(-1) ?? "").toLowerCase() : "";
}

/** How a file is shown: by its ending, which says more than "text/plain", then by its type. */
export function previewOf({ path, mime }: Pick<Artifact, "path" | "mime">): Preview {
  const end = ending(path);
  const type = (mime ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (Object.hasOwn(ENDINGS, end)) return ENDINGS[end] ?? "text";
  if (Object.hasOwn(MIMES, type)) return MIMES[type] ?? "text";
  if (pictureType(path, type)) return "picture";
  if (soundType(path, type)) return "audio";
  if (Object.hasOwn(VIDEOS, end) || Object.values(VIDEOS).includes(type)) return "video";
  if (type.endsWith("+json")) return "json";
  if (type.startsWith("text/") || TEXTS.has(end)) return "text";
  return "none";
}

function pictureType(path: string, mime: string | null): string | null {
  const end = ending(path);
  if (mime && Object.values(PICTURES).includes(mime)) return mime;
  return Object.hasOwn(PICTURES, end) ? (PICTURES[end] ?? null) : null;
}

function soundType(path: string, mime: string | null): string | null {
  const end = ending(path);
  if (Object.hasOwn(SOUNDS, end)) return SOUNDS[end] ?? null;
  const known = mime?.replace("/x-", "/");
  return known && Object.values(SOUNDS).includes(known) ? known : null;
}

/** The type a blob is given for the page; anything that is no picture or sound is bytes to be saved. */
export function blobType({ path, mime }: Pick<Artifact, "path" | "mime">): string {
  return pictureType(path, mime) ?? soundType(path, mime) ?? "application/octet-stream";
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** The bytes as text, or null where they are none. A character that the end cut through is left out. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.subarray(0, 8192).includes(0)) return null;
  return new TextDecoder().decode(bytes, { stream: true });
}

/** A name that every system can save, and none takes for a path, a hidden file or a device. */
export function fileName(path: string): string {
  const last = path.split(/[/\\]/).at(-1) ?? "";
  const clean = last.replace(/[^\p{L}\p{N}._ ()+-]/gu, "_").replace(/^[. ]+|[. ]+$/g, "");
  const short = clean.length > 120 ? clean.slice(0, 60) + clean.slice(-60) : clean;
  return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(short) || !short ? `artifact-${short}` : short;
}

/** A URL of the bytes for as long as the component is there. */
export function useBlobUrl(bytes: Uint8Array<ArrayBuffer> | null, type: string): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!bytes) return setUrl(null);
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return url;
}

/** The address of an artifact, where the way to Python has addresses. */
export function useAddress(run: string, { path }: Pick<Artifact, "path">): string | null {
  return usePanel().transport.artifact?.(run, path) ?? null;
}

function save(address: string, path: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(path);
  link.click();
}

/** Saves an artifact as a file of the browser. */
export function useDownload(run: string): (artifact: Artifact) => Promise<void> {
  const { transport, toasts } = usePanel();
  return useCallback(
    async (artifact) => {
      const { say } = toasts.getState();
      const address = transport.artifact?.(run, artifact.path);
      if (address) return save(address, artifact.path);
      try {
        const request = { run, path: artifact.path, limit: MOST };
        const { data, cut } = await transport.ask("runs.artifact", request, { timeout: 300_000 });
        if (cut) {
          return say({
            kind: "error",
            text: `A file of ${size(artifact.size)} is too large for this way.`,
            hint: `In Python: nbtrack.run("${run}").artifacts[${JSON.stringify(artifact.path)}].save()`,
          });
        }
        const url = URL.createObjectURL(new Blob([bytesOf(data)], { type: "application/octet-stream" }));
        save(url, artifact.path);
        setTimeout(() => URL.revokeObjectURL(url), 10_000);
      } catch (error) {
        const hint = error instanceof AskError ? error.hint : "";
        say({ kind: "error", text: error instanceof Error ? error.message : String(error), hint });
      }
    },
    [run, transport, toasts],
  );
}
