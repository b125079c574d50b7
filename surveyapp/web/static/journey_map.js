// The map saves by itself what is typed, moves what is dragged, and shows both versions where two people
// write the same. Without it every cell is a field of its column's form, and every step a button.
"use strict";
(function () {
  const root = document.querySelector("[data-map]");
  const bar = document.querySelector("[data-map-bar]");
  if (!root || !bar) return;
  const state = bar.querySelector("[data-state]");
  const PAUSE = 800; // milliseconds without a key until a cell is saved
  const LOOK = 15000; // between two looks at what others have changed
  const stored = new Map(); // by cell: the text that was seen last, on which a change builds
  const timers = new Map();
  let seen = "";
  let queue = Promise.resolve();
  let waiting = 0;

  const cells = () => [...root.querySelectorAll("[data-field]")];
  const keyOf = (cell) => cell.name;
  const textOf = (cell) => (cell.type === "checkbox" ? (cell.checked ? "yes" : "") : cell.value);
  const isDirty = (cell) => textOf(cell) !== stored.get(keyOf(cell));
  const put = (cell, text) => {
    if (cell.type === "checkbox") cell.checked = text === "yes";
    else cell.value = text;
  };

  function say(text, failed) {
    state.textContent = text;
    state.classList.toggle("failed", Boolean(failed));
  }

  function learn() {
    seen = root.querySelector(".map-grid").dataset.seen;
    cells().forEach((cell) => stored.set(keyOf(cell), textOf(cell)));
    drags();
  }

  // One request after the other: each change builds on the answer to the one before.
  function later(work) {
    waiting += 1;
    queue = queue.then(work).finally(() => {
      waiting -= 1;
    });
    return queue;
  }

  async function send(url, fields) {
    const body = new FormData();
    body.set("csrf_token", root.dataset.token);
    Object.entries(fields).forEach(([name, value]) => body.set(name, value));
    const answer = await fetch(url + location.search, {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
      keepalive: true,
    });
    const told = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, told };
  }

  function buttons(told) {
    for (const name of ["undo", "redo"]) {
      const button = bar.querySelector(`[data-${name}]`);
      button.disabled = !told[name];
      button.querySelector("[data-said]").textContent = told[name];
    }
  }

  // ``text``: what a save wrote, None of any other step.
  async function took(told, focus) {
    const others = told.before !== seen;
    seen = told.seen;
    buttons(told);
    if (told.grid) replace(told.grid, focus);
    else if (others) await refresh();
    say(others ? "Saved. Others have changed the map, too." : "Saved.");
  }

  function unnote(cell) {
    cell.classList.remove("disputed", "refused");
    const note = cell.parentElement.querySelector(".map-dispute");
    if (note) note.remove();
  }

  function note(cell, kind, lines, choices) {
    unnote(cell);
    cell.classList.add(kind);
    const box = document.createElement("div");
    box.className = "map-dispute";
    box.setAttribute("role", "alert");
    lines.forEach((line) => {
      const p = document.createElement("p");
      p.dir = "auto";
      p.textContent = line;
      box.append(p);
    });
    choices.forEach(([text, act]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = text;
      button.addEventListener("click", () => {
        unnote(cell);
        cell.focus();
        act();
      });
      box.append(button);
    });
    cell.after(box);
  }

  const choiceText = (cell, text) =>
    cell.tagName === "SELECT" ? ([...cell.options].find((o) => o.value === text) || {}).text || text : text;

  function dispute(cell, told) {
    const who = told.by || "Somebody else";
    note(cell, "disputed", [`${who} has changed this meanwhile:`, choiceText(cell, told.theirs) || "(emptied)"], [
      ["Take theirs", () => {
        put(cell, told.theirs);
        stored.set(keyOf(cell), told.theirs);
        cell.classList.remove("unsaved");
        say("Theirs is kept.");
      }],
      ["Keep mine", () => {
        stored.set(keyOf(cell), told.theirs);
        save(cell);
      }],
    ]);
    say("Two versions: choose one in the cell.", true);
  }

  function save(cell) {
    const key = keyOf(cell);
    clearTimeout(timers.get(key));
    timers.delete(key);
    return later(async () => {
      const now = root.querySelector(`[name="${CSS.escape(key)}"]`);
      if (!now || !isDirty(now) || now.classList.contains("disputed")) return;
      const text = textOf(now);
      say("Saving …");
      const { of, id, field, lane } = now.dataset;
      const fields = { do: "set", of, id, field, before: stored.get(key), text };
      if (lane) fields.lane = lane;
      let answer;
      try {
        answer = await send(root.dataset.changes, fields);
      } catch {
        say("Not saved: no connection. Trying again.", true);
        timers.set(key, setTimeout(() => save(now), 4000));
        return;
      }
      if (answer.ok) {
        unnote(now);
        stored.set(key, answer.told.text);
        if (textOf(now) === text) {
          if (document.activeElement !== now) put(now, answer.told.text);
          else stored.set(key, text);
          now.classList.remove("unsaved");
        }
        rename(now);
        await took(answer.told);
      } else if (answer.status === 409 && answer.told.conflict) dispute(now, answer.told);
      else {
        note(now, "refused", [answer.told.detail || "Not saved."], [["Put back", () => {
          put(now, stored.get(key));
          now.classList.remove("unsaved");
        }]]);
        say("Not saved.", true);
      }
    });
  }

  // The names of touchpoints are in the names of their cells; they are read anew with the next grid.
  function rename(cell) {
    if (cell.dataset.of === "touchpoint" && cell.dataset.field === "moment_of_truth") {
      const card = root.querySelector(`.map-card[data-point="${cell.dataset.id}"]`);
      if (card) card.classList.toggle("map-truth", cell.checked);
    }
  }

  const saveAll = () => Promise.all(cells().filter(isDirty).map(save));

  function replace(html, focus) {
    const at = document.activeElement;
    const key = focus || (at && root.contains(at) && (at.dataset.add ? `[data-add="${at.dataset.add}"]` : at.name && `[name="${CSS.escape(at.name)}"]`));
    const place = at && at.selectionStart;
    const box = root.querySelector(".map-scroll");
    const scroll = [box.scrollLeft, box.scrollTop];
    const typed = cells().filter(isDirty).map((cell) => [keyOf(cell), textOf(cell), stored.get(keyOf(cell))]);
    root.innerHTML = html;
    learn();
    typed.forEach(([name, text, before]) => {
      const cell = root.querySelector(`[name="${CSS.escape(name)}"]`);
      if (!cell) return;
      put(cell, text);
      stored.set(name, before);
      cell.classList.add("unsaved");
      timers.set(name, setTimeout(() => save(cell), PAUSE));
    });
    const fresh = root.querySelector(".map-scroll");
    [fresh.scrollLeft, fresh.scrollTop] = scroll;
    const cell = key && root.querySelector(key);
    if (!cell) return;
    cell.focus();
    if (!focus && place !== undefined && place !== null && cell.setSelectionRange) cell.setSelectionRange(place, place);
  }

  async function refresh() {
    const answer = await fetch(root.dataset.grid + location.search);
    if (answer.ok) replace((await answer.json()).grid);
  }

  // ``focus``: a selector of what has the keyboard afterwards, or a function of the grid that was before.
  function step(fields, focus) {
    saveAll();
    return later(async () => {
      say("Saving …");
      let answer;
      try {
        answer = await send(fields.url || root.dataset.changes, fields.url ? {} : fields);
      } catch {
        say("Not saved: no connection. Try again.", true);
        return;
      }
      if (answer.ok) {
        await took(answer.told, focus);
        return;
      }
      await refresh();
      const { conflict, theirs, detail } = answer.told;
      say(conflict ? `${conflict}${theirs ? ` It is: ${theirs}` : ""}` : detail || "Not saved.", true);
    });
  }

  const fieldsOf = (form) =>
    Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "csrf_token"));

  function nextTo(cell, by) {
    const all = [...root.querySelectorAll("[data-field], [data-add]")];
    const there = all[all.indexOf(cell) + by];
    if (there) {
      there.focus();
      if (there.select) there.select();
    }
  }

  const stageOf = (cell) => {
    if (cell.dataset.of === "stage") return cell.dataset.id;
    const td = cell.closest("[data-in]");
    return td && td.dataset.in;
  };

  // The buttons of whatever the cell belongs to do what the keys do.
  function stepsAt(cell) {
    const { of, id } = cell.dataset;
    const home = of === "touchpoint" ? `.map-card[data-point="${id}"]` : of === "stage" ? `.map-stage[data-stage="${id}"]` : null;
    const box = home ? root.querySelector(home) : cell.closest(".map-lane");
    return box ? [...box.querySelectorAll("form[data-step]")] : [];
  }

  function shift(cell, later) {
    const form = stepsAt(cell)[later ? 1 : 0];
    if (!form) return;
    if (form.querySelector("button").disabled) {
      say(later ? "It is the last already." : "It is the first already.");
      return;
    }
    const fields = fieldsOf(form);
    if (fields.of === "touchpoint") fields.seen = stageOf(cell);
    step(fields, `[name="${CSS.escape(cell.name)}"]`);
  }

  function insert(stageId) {
    const known = [...root.querySelectorAll(".map-stage")].map((each) => each.dataset.stage);
    const form = [...root.querySelectorAll(`.map-stage[data-stage="${stageId}"] form[data-step]`)].find((each) => each.elements.do.value === "add");
    if (!form) return;
    step(fieldsOf(form)).then(() => {
      const added = [...root.querySelectorAll(".map-stage")].find((each) => !known.includes(each.dataset.stage));
      if (added) {
        const name = added.querySelector("[data-field]");
        name.focus();
        name.select();
      }
    });
  }

  root.addEventListener("input", (event) => {
    const cell = event.target;
    if (!cell.dataset.field) return;
    cell.classList.toggle("unsaved", isDirty(cell));
    clearTimeout(timers.get(keyOf(cell)));
    timers.set(keyOf(cell), setTimeout(() => save(cell), PAUSE));
  });
  root.addEventListener("change", (event) => {
    if (event.target.dataset.field) save(event.target);
  });
  root.addEventListener("focusout", (event) => {
    if (event.target.dataset.field && isDirty(event.target)) save(event.target);
  });
  root.addEventListener("submit", (event) => {
    const form = event.target;
    event.preventDefault();
    if (!form.matches("[data-step]")) {
      saveAll();
      return;
    }
    const fields = fieldsOf(form);
    const adding = form.querySelector("[data-add]");
    if (adding && !adding.value.trim()) {
      nextTo(adding, 1);
      return;
    }
    const stage = form.closest(".map-stage");
    if (fields.do === "add" && !adding && stage) {
      insert(stage.dataset.stage);
      return;
    }
    const card = form.closest(".map-card");
    if (card && fields.do === "move") fields.seen = card.dataset.in;
    const name = form.closest("th, td").querySelector("[data-field]");
    const focus = adding ? `[data-add="${adding.dataset.add}"]` : fields.do === "move" && name ? `[name="${CSS.escape(name.name)}"]` : null;
    if (adding) adding.value = "";
    step(fields, focus);
  });
  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    step({ url: event.target.querySelector("[data-undo]") ? root.dataset.undo : root.dataset.redo });
  });

  root.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (event.isComposing || !(cell.dataset.field || cell.dataset.add)) return;
    const ahead = getComputedStyle(root.querySelector(".map-grid")).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && cell.dataset.field) {
      event.preventDefault();
      nextTo(cell, 1);
    } else if (event.key === "Enter" && event.shiftKey && cell.tagName !== "TEXTAREA") {
      event.preventDefault();
      nextTo(cell, -1);
    } else if (event.altKey && cell.dataset.field && /^Arrow/.test(event.key)) {
      const lane = cell.dataset.of === "lane";
      if (lane !== /Up|Down/.test(event.key)) return;
      event.preventDefault();
      shift(cell, event.key === ahead || event.key === "ArrowDown");
    } else if (event.altKey && event.key === "Insert" && stageOf(cell)) {
      event.preventDefault();
      insert(stageOf(cell));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    const cell = event.target;
    const own = cell.dataset && (cell.dataset.field ? isDirty(cell) : cell.dataset.add && cell.value);
    if (own) return; // what is not saved yet is the browser's to undo
    event.preventDefault();
    const redo = event.shiftKey;
    if (!bar.querySelector(redo ? "[data-redo]" : "[data-undo]").disabled || waiting) {
      step({ url: redo ? root.dataset.redo : root.dataset.undo });
    }
  });

  function drags() {
    if (!window.Sortable) return;
    const points = root.querySelector("[data-points]");
    // By pointer events, not by the browser's own drag: fingers drag, too.
    const options = { handle: ".map-grip", animation: 120, forceFallback: true, fallbackTolerance: 4 };
    if (points) {
      window.Sortable.create(points, {
        ...options,
        draggable: ".map-card, .map-last",
        onMove: (event) => (event.related.matches(".map-last") ? -1 : true),
        onEnd: ({ item }) => {
          let stage = item.nextElementSibling;
          while (stage && !stage.dataset.end) stage = stage.nextElementSibling;
          let at = 0;
          for (let each = item.previousElementSibling; each && each.matches(".map-card"); each = each.previousElementSibling) at += 1;
          if (!stage) refresh();
          else step({ do: "move", of: "touchpoint", id: item.dataset.point, stage: stage.dataset.end, at, seen: item.dataset.in });
        },
      });
    }
    window.Sortable.create(root.querySelector("[data-stages]"), {
      ...options,
      draggable: ".map-stage",
      onEnd: ({ item }) => {
        const at = [...item.parentElement.querySelectorAll(".map-stage")].indexOf(item);
        step({ do: "move", of: "stage", id: item.dataset.stage, at });
      },
    });
  }

  async function look() {
    if (document.hidden || waiting) return;
    try {
      const answer = await fetch(root.dataset.seen);
      if (!answer.ok || waiting) return;
      if ((await answer.json()).seen !== seen && !waiting) {
        await refresh();
        say("Others have changed the map; it is shown as it is now.");
      }
    } catch {
      // without a connection there is nothing to see; the next save says so
    }
  }

  setInterval(look, LOOK);
  window.addEventListener("online", saveAll);
  document.addEventListener("visibilitychange", () => (document.hidden ? saveAll() : look()));
  window.addEventListener("beforeunload", (event) => {
    if (waiting || cells().some(isDirty)) event.preventDefault();
  });
  root.classList.add("scripted");
  learn();
})();
