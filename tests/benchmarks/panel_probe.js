// Put into a page before anything else is: notes when things happen there. All times are performance.now().
(() => {
  performance.setResourceTimingBufferSize(100_000);
  const probe = { events: {}, long: [], strokes: 0, drawn: 0, open: 0 };
  window.probe = probe;

  // Questions that are not answered yet; the one for the latest revision is put all the time.
  const fetched = window.fetch;
  window.fetch = (...given) => {
    const answer = fetched(...given);
    if (String(given[0]).includes("project.revision")) return answer;
    const settled = () => {
      probe.open -= 1;
    };
    probe.open += 1;
    answer.then(settled, settled);
    return answer;
  };

  for (const kind of ["click", "input", "keydown"]) {
    const note = (event) => {
      probe.events[kind] = event.timeStamp;
    };
    window.addEventListener(kind, note, { capture: true, passive: true });
  }
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) probe.long.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });

  /** Resolves when the next frame was handed over: what the page is made of now can be seen then. */
  const presented = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  probe.presented = presented;

  // A chart draws by strokes: when the frame of the last of them could be seen.
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  let waiting = false;
  CanvasRenderingContext2D.prototype.stroke = function (...given) {
    probe.strokes += 1;
    if (!waiting) {
      waiting = true;
      presented().then(() => {
        waiting = false;
        probe.drawn = performance.now();
      });
    }
    return stroke.apply(this, given);
  };

  /** The time at which the first frame could be seen in which `holds`. */
  probe.until = (holds, limit = 60_000) =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        end();
        presented().then(() => resolve(performance.now()));
      };
      const observer = new MutationObserver(look);
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not after ${limit} ms: ${holds}`));
      }, limit);
      const end = () => {
        observer.disconnect();
        clearTimeout(timer);
      };
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    });

  /** The run in the first row, top to bottom; null: there is none, or it is not there yet. */
  probe.first = () => {
    let first = null;
    let least = Number.POSITIVE_INFINITY;
    for (const row of document.querySelectorAll('[role="row"][data-run]')) {
      const index = Number(row.getAttribute("aria-rowindex"));
      if (index < least && row.textContent) [least, first] = [index, row.dataset.run];
    }
    return first;
  };

  /** Begin to note each frame; what is called ends it: the times at which the page could draw. */
  probe.frames = () => {
    const times = [];
    let on = true;
    const turn = () => {
      times.push(performance.now());
      if (on) requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
    return () => {
      on = false;
      return times;
    };
  };

  /** What scrolls the rows: the grid itself, or what is in or around it. */
  probe.scroller = () => {
    const grid = document.querySelector('[role="grid"], [role="treegrid"]');
    const near = [grid, ...grid.querySelectorAll("div")];
    for (let box = grid.parentElement; box; box = box.parentElement) near.push(box);
    return near.find((box) => box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(box).overflowY));
  };

  /** How many pixels of the rows' part of the grid show no row, and how many a row without its values. */
  probe.blank = (box) => {
    const { top, bottom } = box.getBoundingClientRect();
    const heading = box.querySelector('[role="columnheader"]')?.closest('[role="row"], [role="rowgroup"]');
    let edge = Math.max(top, heading?.getBoundingClientRect().bottom ?? top);
    let [none, bones] = [0, 0];
    const rows = [...box.querySelectorAll('[role="row"]')].filter((row) => !row.querySelector('[role="columnheader"]'));
    const places = rows.map((row) => ({ row, at: row.getBoundingClientRect() }));
    for (const { row, at } of places.sort((a, b) => a.at.top - b.at.top)) {
      if (at.bottom <= edge || at.top >= bottom) continue;
      none += Math.max(0, at.top - edge);
      const seen = Math.min(at.bottom, bottom) - Math.max(at.top, edge);
      if (!row.dataset.run) bones += seen;
      edge = at.bottom;
    }
    return { none: none + Math.max(0, bottom - edge), bones };
  };

  /** Scroll down in steps, `frames` frames apart; of each step what was blank at its end. */
  probe.scroll = async (steps, pixels, frames) => {
    const box = probe.scroller();
    const found = [];
    const stop = probe.frames();
    for (let step = 0; step < steps; step++) {
      // In a task of its own, as a wheel does it: the event comes before the frame is drawn.
      await new Promise((resolve) => setTimeout(resolve, 0));
      box.scrollTop += pixels;
      for (let frame = 0; frame < frames; frame++) await presented();
      found.push(probe.blank(box));
    }
    return { steps: found, frames: stop(), top: box.scrollTop };
  };

  /** Resolves when nothing was asked, answered or drawn for a while. */
  probe.rest = async (quiet = 400) => {
    let before = "";
    let since = performance.now();
    while (performance.now() - since < quiet) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const now = `${probe.strokes} ${probe.answers().length}`;
      if (now !== before || probe.open > 0 || waiting) [before, since] = [now, performance.now()];
    }
  };

  /** What was answered since a time, but the question whether there is anything new. */
  probe.answers = (since = 0) =>
    performance
      .getEntriesByType("resource")
      .filter(({ name, startTime }) => name.includes("/api/") && startTime >= since && !name.includes("project.revision"))
      .map(({ name, startTime, responseEnd, encodedBodySize }) => ({
        op: new URL(name).pathname.split("/").pop(),
        asked: startTime,
        came: responseEnd,
        bytes: encodedBodySize,
      }));
})();
