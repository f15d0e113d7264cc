"""The one small style sheet of all static views, and the box that it applies to.

Colours come from JupyterLab's ``--jp-*`` variables. Their fallbacks, for other front ends, are system colours and
mixtures with the text's own colour, which are right on light and on dark. Where the panel or the sidebar is open in
the same page, its style sheet has classes of the same names: the second rule takes away what they say.
"""

from __future__ import annotations

_STYLE = """
.nbt{--nbt-line:var(--jp-border-color2,rgba(128,128,128,.35));--nbt-dim:var(--jp-ui-font-color2,#797979);
--nbt-soft:var(--jp-border-color3,rgba(128,128,128,.16));--nbt-ok:var(--jp-success-color1,#2e8540);
--nbt-bad:var(--jp-error-color1,#d0342c);--nbt-warn:var(--jp-warn-color1,#b26a00);
--nbt-run:var(--jp-brand-color1,#1976d2);--nbt-mono:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);
font-size:var(--jp-ui-font-size1,13px);line-height:1.45;max-width:100%}
.nbt :is(.nbt-head,.nbt-group,.nbt-chip,.nbt-diff,.nbt-code,.nbt-spark,.nbt-pairs){all:revert}
.nbt .nbt-box{overflow-x:auto;max-width:100%;margin:4px 0}
.nbt .nbt-t{border-collapse:collapse;margin:0;color:inherit;font-size:inherit;border:0;table-layout:auto}
.nbt .nbt-t th,.nbt .nbt-t td{padding:3px 12px 3px 0;border:0;text-align:left;vertical-align:baseline;
white-space:nowrap;max-width:340px;overflow:hidden;text-overflow:ellipsis;background:none}
.nbt .nbt-t thead th{color:var(--nbt-dim);font-weight:500;border-bottom:1px solid var(--nbt-line);vertical-align:bottom}
.nbt .nbt-t tbody tr,.nbt .nbt-t tbody tr:nth-child(even){background:none;border-bottom:1px solid var(--nbt-soft)}
.nbt .nbt-t tbody tr:hover{background:var(--nbt-soft)}
.nbt .nbt-t .nbt-n{text-align:right;font-variant-numeric:tabular-nums}
.nbt .nbt-t.nbt-pairs td:first-child{padding-right:20px}
.nbt .nbt-t.nbt-pairs td{white-space:normal;overflow-wrap:anywhere;max-width:720px}
.nbt .nbt-head{font-size:1.1em;margin:2px 0 4px}.nbt .nbt-group{color:var(--nbt-dim);font-weight:400;font-size:.85em}
.nbt .nbt-dim{color:var(--nbt-dim)}.nbt .nbt-foot{color:var(--nbt-dim);margin:4px 0}
.nbt .nbt-pill{white-space:nowrap;font-weight:500}
.nbt .nbt-s-finished,.nbt .nbt-good{color:var(--nbt-ok)}.nbt .nbt-s-running{color:var(--nbt-run)}
.nbt .nbt-s-failed,.nbt .nbt-s-crashed,.nbt .nbt-bad{color:var(--nbt-bad)}.nbt .nbt-s-interrupted{color:var(--nbt-warn)}
.nbt .nbt-chip{border:1px solid var(--nbt-line);border-radius:9px;padding:0 7px;font-size:.9em;white-space:nowrap}
.nbt .nbt-best{font-weight:700}.nbt .nbt-star{color:var(--nbt-warn)}.nbt .nbt-diff{font-weight:700}
.nbt .nbt-m{display:flex;justify-content:space-between;align-items:baseline;gap:10px}
.nbt .nbt-m :only-child{margin-left:auto}.nbt .nbt-spark{opacity:.8;align-self:center;color:var(--nbt-run)}
.nbt .nbt-spark svg{display:block}.nbt .nbt-delta{font-size:.88em;display:block}
.nbt .nbt-id{font-family:var(--nbt-mono);font-size:.92em;color:var(--nbt-dim)}
.nbt .nbt-pre{font-family:var(--nbt-mono);font-size:var(--jp-code-font-size,13px);line-height:1.4;white-space:pre;
overflow:auto;max-height:420px;margin:4px 0;padding:8px 10px;border-radius:3px;color:inherit;
background:var(--jp-cell-editor-background,rgba(128,128,128,.08));border:1px solid var(--nbt-soft)}
.nbt details{margin:8px 0}.nbt summary{cursor:pointer;padding:2px 0}.nbt summary b{font-weight:600}
.nbt .nbt-kw{color:var(--jp-mirror-editor-keyword-color,inherit);font-weight:600}
.nbt .nbt-str{color:var(--jp-mirror-editor-string-color,inherit)}
.nbt .nbt-num{color:var(--jp-mirror-editor-number-color,inherit)}
.nbt .nbt-com{color:var(--jp-mirror-editor-comment-color,var(--nbt-dim));font-style:italic}
.nbt .nbt-t.nbt-code td{font-family:var(--nbt-mono);font-size:var(--jp-code-font-size,13px);white-space:pre;
max-width:none;padding:0 8px;line-height:1.4}.nbt .nbt-t.nbt-code tbody tr{border:0}
.nbt .nbt-t .nbt-line{margin:0;padding:0 4px;border:0;background:none;color:inherit;font:inherit;white-space:pre}
.nbt .nbt-t .nbt-add{background:color-mix(in srgb,var(--nbt-ok) 16%,transparent)}
.nbt .nbt-t .nbt-del{background:color-mix(in srgb,var(--nbt-bad) 14%,transparent)}
.nbt .nbt-add b{background:color-mix(in srgb,var(--nbt-ok) 38%,transparent);font-weight:inherit}
.nbt .nbt-del b{background:color-mix(in srgb,var(--nbt-bad) 34%,transparent);font-weight:inherit}
.nbt .nbt-cols{display:flex;flex-wrap:wrap;gap:0 40px;align-items:flex-start}.nbt .nbt-cols>*{min-width:0}
.nbt .nbt-pic{max-width:100%;max-height:360px;background:#fff}.nbt iframe{width:100%;height:240px;border:1px solid
var(--nbt-line);resize:vertical;background:#fff}
"""


def page(body: str) -> str:
    """A view's HTML with its style. Where styles are taken away, plain tables remain."""
    return f'<div class="nbt"><style>{_STYLE}</style>{body}</div>'
