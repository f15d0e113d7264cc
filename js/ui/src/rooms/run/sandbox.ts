// Someone's HTML as a document in which nothing can run, load or leave: shown only in <iframe sandbox="">, whose policy
// says the same once more. What has no business in a picture of a table is taken out beforehand, so that no link is
// even looked up; three locks, each enough for scripts.
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
const OUT = "script, link, meta, base, iframe, frame, frameset, object, embed, applet, portal, form, noscript";
const MOST = 2_000_000; // characters

export interface Look {
  ink: string;
  paper: string;
  line: string;
  font: string;
  size: string;
  /** "light" or "dark": of its scroll bars. */
  scheme: string;
}

/** null: too much to be shown. */
export function sealed(markup: string, look: Look): string | null {
  if (markup.length > MOST) return null;
  const page = new DOMParser().parseFromString(markup, "text/html");
  for (const element of page.querySelectorAll(OUT)) element.remove();
  return (
    `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    // A click on a link asks for a new window, which the sandbox refuses.
    `<base target="_blank"><style>${style(look)}</style></head><body>${page.head.innerHTML}${page.body.innerHTML}</body></html>`
  );
}

// Tables look as they do in JupyterLab; what the document says itself comes after and goes before.
function style({ ink, paper, line, font, size, scheme }: Look): string {
  return (
    `:root{color-scheme:${scheme};color:${ink};background:${paper};font:${size} ${font}}body{margin:6px 8px}table{border-collapse:collapse;` +
    `border:0;font-size:.93em}td,th{border:0!important;border-bottom:1px solid ${line}!important;padding:3px 10px;` +
    "text-align:right;vertical-align:top}thead th{font-weight:600}img{max-width:100%}"
  );
}

/** Pixels that the document probably needs: a frame without scripts cannot tell. */
export function guessedHeight(markup: string): number {
  const rows = markup.match(/<tr[\s>]/gi)?.length ?? 0;
  const blocks = markup.match(/<(?:p|li|h[1-6]|div|br|pre)[\s>/]/gi)?.length ?? 0;
  const images = markup.match(/<svg[\s>]|<img[^>]{0,200}src=["']?data:/gi)?.length ?? 0; // no other is loaded
  return Math.max(48, Math.min(420, 20 + rows * 22 + blocks * 21 + images * 140));
}
