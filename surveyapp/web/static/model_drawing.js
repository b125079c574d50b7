/* The model as a drawing. The text is the one truth: what is drawn goes to the server as an edit of the
   text and comes back as text and drawing; what is typed is drawn anew. Only where a variable was moved
   to is kept here. */
(() => {
  "use strict";
  const WAIT = 450; // milliseconds after the last key
  const [SMALLEST, LARGEST] = [1.15, 1.6]; // pixels for a point of the drawing
  const ROOM = 220; // points of height, in which a small model's variables can be moved
  const STEP = 10; // points that an arrow key moves
  const DRAG = 4; // pixels that a pointer moves before it drags

  const panel = document.querySelector("[data-draw]");
  if (!panel) return;
  const form = panel.closest("form");
  const text = form.elements.text;
  const kind = form.elements.kind;
  const part = (name) => panel.querySelector(name);
  const [bar, canvas, menu, rest, told] = [".drawing-bar", ".drawing-canvas", ".drawing-menu", ".drawing-rest", ".drawing-said"].map(part);
  const names = [...document.querySelectorAll(".names button, .names code")].map((each) => each.textContent);
  const button = (action) => bar.querySelector(`[data-do=${action}]`);
  const moved = new Map(); // by name: how far a variable was moved
  const history = []; // texts before each change
  let drawing = { nodes: [], paths: [], undrawn: [], width: 470, height: 0 };
  let drawn = null; // the text that is drawn
  let from = ""; // the variable at which a path begins
  let joins = false; // whether pointers draw paths, or move variables
  let opener = ""; // what the menu was opened on
  let last = 0;

  const made = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const shape = (name, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const say = (said, refused = false) => {
    told.textContent = said;
    told.classList.toggle("refused", refused);
  };
  const keyOf = (path) => `${path.lhs} ${path.operator} ${path.rhs}`;
  const partOf = (key) => [...canvas.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
  const focus = (key) => (partOf(key) ?? canvas.querySelector("[data-key]") ?? button("factor")).focus();
  const nodeOf = (name) => drawing.nodes.find((node) => node.name === name);
  const placeOf = (node) => {
    const [x, y] = moved.get(node.name) ?? [0, 0];
    return { ...node, x: node.x + x, y: node.y + y };
  };

  // ---- the server

  async function ask(fields) {
    const number = ++last;
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, kind: kind.value, text: text.value, ...fields });
    const answer = await fetch(panel.dataset.draw, { method: "POST", body, headers: { Accept: "application/json" } });
    const found = await answer.json();
    return { ok: answer.ok, found, late: number !== last };
  }

  async function redraw() {
    const asked = text.value;
    try {
      const { ok, found, late } = await ask({});
      if (!ok || late) return;
      if (drawn !== null && drawn !== asked && history.at(-1) !== drawn) remember(drawn);
      drawn = asked;
      show(found);
    } catch { /* the text is checked when it is sent */ }
  }

  async function edit(fields, next) {
    const before = text.value;
    try {
      const { ok, found } = await ask(fields);
      if (!ok) return say(found.detail, true);
      if (text.value !== before) return say("The text has changed meanwhile; nothing was drawn. Try again.", true);
      if (drawn !== null && drawn !== before && history.at(-1) !== drawn) remember(drawn);
      remember(before);
      write(found.text);
      close();
      show(found);
      say(found.done);
      focus(next ?? "");
    } catch {
      say("The server cannot be reached; nothing was changed.", true);
    }
  }

  function remember(old) {
    history.push(old);
    button("undo").disabled = false;
  }

  function write(new_) {
    drawn = new_;
    text.value = new_;
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function undo() {
    if (!history.length) return say("There is nothing to take back.");
    const key = document.activeElement?.dataset?.key;
    write(history.pop());
    button("undo").disabled = !history.length;
    close();
    await redraw();
    say("Taken back.");
    focus(key ?? "");
  }

  // ---- the drawing

  function show(found) {
    const late = Boolean(found.fault);
    canvas.classList.toggle("late", late);
    if (!late) {
      drawing = found;
      render();
    }
    const list = (rows) => made("ul", {}, ...rows);
    rest.replaceChildren(...[
      found.fault && made("p", { className: "notice", textContent: `${found.fault.line ? `Line ${found.fault.line}: ` : ""}${found.fault.text}` }),
      found.undrawn.length && made("p", {}, made("b", { textContent: "Not drawn" }), ", and part of the model:"),
      found.undrawn.length && list(found.undrawn.map((each) => made("li", {}, `Line ${each.line}: `, made("code", { textContent: each.text }), " ", made("span", { className: "hint", textContent: each.why })))),
      !late && found.paths.length && made("details", {}, made("summary", { textContent: "Paths as a list" }), list(found.paths.map((path) => made("li", { textContent: path.said })))),
    ].filter(Boolean));
  }

  function render() {
    const key = canvas.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    if (!drawing.nodes.length) {
      canvas.replaceChildren(made("p", { className: "hint", textContent: "Nothing is drawn yet. Add a factor, or write one." }));
      return;
    }
    const scale = Math.min(Math.max((canvas.clientWidth - 18) / drawing.width, SMALLEST), LARGEST);
    const { top, room } = space();
    const svg = shape("svg", { viewBox: `0 ${top} ${drawing.width} ${room}`, width: drawing.width * scale, height: room * scale, role: "group", "aria-label": "Drawing of the model", "aria-describedby": "drawing-keys" });
    svg.append(shape("defs", {}, head("end", "path"), head("end", "other"), head("start", "other")));
    svg.append(...drawing.nodes.map(nodeShape), ...drawing.paths.map(pathShape));
    canvas.replaceChildren(svg);
    button("arrange").disabled = !moved.size;
    if (key !== null) focus(key);
  }

  // Where the drawing's paper begins and how high it is: small models have room around them.
  const space = () => {
    const room = Math.max(drawing.height * 1.1, ROOM);
    return { top: (drawing.height - room) / 2, room };
  };

  const head = (end, of) => shape("marker", { id: `head-${end}-${of}`, viewBox: "0 0 10 10", refX: end === "end" ? 9 : 1, refY: 5, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto", class: of === "path" ? "path-path" : "" },
    shape("path", { class: "head", d: end === "end" ? "M0 1.5 10 5 0 8.5z" : "M10 1.5 0 5 10 8.5z" }));

  function nodeShape(node) {
    const { x, y, width, height } = placeOf(node);
    const cut = Math.min(10, height / 3);
    const [w, h] = [width / 2, height / 2];
    const outline = node.shape === "factor" ? shape("ellipse", { class: "shape", cx: x, cy: y, rx: w, ry: h })
      : node.shape === "composite" ? shape("polygon", { class: "shape", points: `${x - w},${y} ${x - w + cut},${y - h} ${x + w - cut},${y - h} ${x + w},${y} ${x + w - cut},${y + h} ${x - w + cut},${y + h}` })
      : shape("rect", { class: "shape", x: x - w, y: y - h, width, height });
    const lines = node.lines.map((line, at) => shape("text", { x, y: y + (at - (node.lines.length - 1) / 2) * 11.5 }, line));
    return shape("g", { class: `node ${node.shape}${from === node.name ? " from" : ""}`, tabindex: 0, role: "button", "aria-label": node.said, "data-key": node.name, "data-node": node.name }, outline, ...lines);
  }

  // Where the line from a variable's middle towards a point leaves it.
  function border(node, [x, y]) {
    const [dx, dy] = [x - node.x, y - node.y];
    if (!dx && !dy) return [node.x, node.y];
    const [w, h] = [node.width / 2, node.height / 2];
    const share = node.shape === "factor" ? 1 / Math.hypot(dx / w, dy / h) : 1 / Math.max(Math.abs(dx) / w, Math.abs(dy) / h);
    return [node.x + dx * share, node.y + dy * share];
  }

  function pathShape(path) {
    let points = path.points;
    if (moved.has(path.source) || moved.has(path.target)) {
      const [a, b] = [placeOf(nodeOf(path.source)), placeOf(nodeOf(path.target))];
      points = [border(a, [b.x, b.y]), border(b, [a.x, a.y])];
    }
    const d = `M${points.map((point) => point.join(" ")).join("L")}`;
    const of = path.kind === "path" ? "path" : "other";
    const way = shape("path", { class: "way", d, "marker-end": `url(#head-end-${of})` });
    if (path.kind === "correlation") way.setAttribute("marker-start", "url(#head-start-other)");
    const group = shape("g", { class: `path path-${path.kind}`, tabindex: 0, role: "button", "aria-label": path.said, "data-key": keyOf(path), "data-path": keyOf(path) }, shape("path", { class: "wide", d }), way);
    if (path.modifiers) {
      const [x, y] = middle(points);
      group.append(shape("text", { x, y }, path.modifiers));
    }
    return group;
  }

  function middle(points) {
    const lengths = points.slice(1).map(([x, y], at) => Math.hypot(x - points[at][0], y - points[at][1]));
    let left = lengths.reduce((sum, each) => sum + each, 0) / 2;
    for (const [at, length] of lengths.entries()) {
      if (left <= length && length) {
        const share = left / length;
        return [0, 1].map((i) => points[at][i] + (points[at + 1][i] - points[at][i]) * share);
      }
      left -= length;
    }
    return points[0];
  }

  function move(name, dx, dy) {
    const node = placeOf(nodeOf(name));
    const [x, y] = moved.get(name) ?? [0, 0];
    const { top, room } = space();
    const within = (value, half, low, size) => Math.min(Math.max(value, low + half), low + size - half);
    moved.set(name, [
      x + within(node.x + dx, node.width / 2, 0, drawing.width) - node.x,
      y + within(node.y + dy, node.height / 2, top, room) - node.y,
    ]);
    render();
  }

  // ---- paths

  function begin(name) {
    from = name;
    close();
    render();
    say(`Path from ${name}: choose another variable and press Enter, or Escape.`);
    focus(name);
  }

  function cancel() {
    const name = from;
    from = "";
    render();
    say("No path drawn.");
    if (name) focus(name);
  }

  function end(name) {
    const [a, b] = [nodeOf(from), nodeOf(name)];
    from = "";
    render();
    if (!a || !b || a === b) return say("No path drawn.");
    const ways = [];
    const offer = (lhs, operator, rhs, said) => ways.push({ lhs, operator, rhs, said });
    const measure = (of, by) => {
      if (of.shape === "factor") offer(of.name, "=~", by.name, `${of.name} is measured by ${by.name}`);
      if (of.shape === "composite") offer(of.name, "<~", by.name, `${of.name} is composed of ${by.name}`);
    };
    if (b.shape === "item") measure(a, b);
    if (a.shape === "item" && b.shape !== "item") measure(b, a);
    offer(b.name, "~", a.name, `${b.name} is regressed on ${a.name}`);
    if (kind.value === "covariance") offer(a.name, "~~", b.name, `${a.name} covaries with ${b.name}`);
    if (b.shape !== "item") measure(a, b);
    open(a.name, `Path from ${a.name} to ${b.name}`, row(...ways.map(({ said, ...way }, at) => action(said, () => edit({ action: "connect", ...way }, `${way.lhs} ${way.operator} ${way.rhs}`), at ? "secondary" : "primary"))));
  }

  // ---- menus

  const row = (...children) => made("div", { className: "line" }, ...children);
  const action = (said, done, look = "secondary") => made("button", { type: "button", className: look, textContent: said, onclick: done });
  const input = (label, value, done) => {
    const field = made("input", { className: "form-control", value, autocomplete: "off", spellcheck: false });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      done();
    });
    return [made("label", {}, label, field), field];
  };
  const itemChoice = (taken) => made("fieldset", { className: "choice" }, made("legend", { className: "form-label", textContent: "Items" }),
    made("div", {}, ...[...new Set(names)].filter((name) => !taken.includes(name)).map((name) => made("label", {}, made("input", { type: "checkbox", value: name }), name))));
  const chosen = () => [...menu.querySelectorAll(".choice input:checked")].map((each) => each.value).join(" ");

  function open(key, title, ...children) {
    opener = key;
    menu.replaceChildren(made("h3", { id: "drawing-menu", textContent: title }), ...children, row(action("Close", () => { close(); focus(key); }, "quiet")));
    menu.setAttribute("aria-labelledby", "drawing-menu");
    menu.hidden = false;
    menu.querySelector("input, select, button").focus();
  }

  function close() {
    menu.hidden = true;
    menu.removeAttribute("aria-labelledby");
    menu.replaceChildren();
  }

  function openNode(node) {
    const remove = action("Remove", () => edit({ action: "remove", lhs: node.name }), "quiet danger");
    const start = action("Draw path from here", () => begin(node.name));
    if (node.shape === "item" || node.name.includes(":")) return open(node.name, node.said, row(start, remove));
    const mine = drawing.paths.filter((path) => path.lhs === node.name && path.operator !== "~" && path.operator !== "~~").map((path) => path.rhs);
    const rename = () => edit({ action: "rename", lhs: node.name, value: field.value.trim() }, field.value.trim());
    const [label, field] = input("Name", node.name, rename);
    open(node.name, node.said, row(start, remove), row(label, action("Rename", rename)), itemChoice(mine),
      row(action("Add chosen items", () => edit({ action: "items", lhs: node.name, items: chosen() }, node.name), "primary")));
  }

  function openPath(path) {
    const [lhs, operator, rhs] = [path.lhs, path.operator, path.rhs];
    const remove = action("Remove path", () => edit({ action: "cut", lhs, operator, rhs }, path.source), "quiet danger");
    if (kind.value !== "covariance" || !path.simple) {
      const why = kind.value === "covariance" ? `Change it in the text, line ${path.lines.join(", ")}.` : "Composite models estimate every path.";
      return open(keyOf(path), path.said, made("p", { className: "hint", textContent: why }), row(remove));
    }
    const is = path.modifiers === "" ? "" : path.modifiers === "NA" ? "NA" : Number.isNaN(Number(path.modifiers)) ? "label" : "fixed";
    const select = made("select", { className: "form-select" }, ...[["", "Estimated as by default"], ["NA", "Free"], ["fixed", "Fixed at"], ["label", "Labelled"]].map(([value, said]) => made("option", { value, textContent: said, selected: value === is })));
    const apply = () => edit({ action: "modify", lhs, operator, rhs, value: ["fixed", "label"].includes(select.value) ? field.value.trim() || "?" : select.value }, keyOf(path));
    const [label, field] = input("Value or label", ["fixed", "label"].includes(is) ? path.modifiers : "", apply);
    const shown = () => { label.hidden = !["fixed", "label"].includes(select.value); };
    select.addEventListener("change", shown);
    shown();
    open(keyOf(path), path.said, row(made("label", {}, "Coefficient", select), label, action("Apply", apply, "primary")), row(remove));
  }

  function openNew(operator) {
    const add = () => edit({ action: "add", lhs: field.value.trim(), operator, items: chosen() }, field.value.trim());
    const [label, field] = input("Name", "", add);
    const used = drawing.paths.filter((path) => ["=~", "<~"].includes(path.operator)).map((path) => path.rhs);
    const said = operator === "=~" ? "factor" : "composite";
    open("", `New ${said}`, row(label), itemChoice(used), row(action(`Add ${said}`, add, "primary")));
  }

  function openKey(key) {
    const node = nodeOf(key);
    const path = drawing.paths.find((each) => keyOf(each) === key);
    if (node) openNode(node);
    else if (path) openPath(path);
  }

  function remove(key) {
    const path = drawing.paths.find((each) => keyOf(each) === key);
    if (path) edit({ action: "cut", lhs: path.lhs, operator: path.operator, rhs: path.rhs }, path.source);
    else edit({ action: "remove", lhs: key });
  }

  // ---- keyboard

  const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  canvas.addEventListener("keydown", (event) => {
    const key = event.target.dataset?.key;
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = event.target.dataset.node;
    if (event.key === "Enter" || event.key === " ") {
      if (from && name) end(name);
      else openKey(key);
    } else if (event.key.toLowerCase() === "p" && name) begin(name);
    else if (event.key === "Delete" || event.key === "Backspace") remove(key);
    else if (event.key === "Escape" && from) cancel();
    else if (event.key in ARROWS && name) move(name, ...ARROWS[event.key]);
    else return;
    event.preventDefault();
  });
  panel.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox]), select");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      undo();
    } else if (event.key === "Escape" && menu.contains(event.target)) {
      close();
      focus(opener);
    } else if (event.key === "Enter" && event.target.matches("input, select")) {
      event.preventDefault(); // the model is not fitted from here
      if (event.target.matches("[type=checkbox], select")) menu.querySelector(".primary")?.click();
    }
  });

  // ---- mouse, pen, finger

  let held = null;
  const pointOf = (event) => {
    const box = canvas.querySelector("svg").getBoundingClientRect();
    const scale = drawing.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale + space().top];
  };
  const nodeAt = (event) => document.elementsFromPoint(event.clientX, event.clientY).map((each) => each.closest?.("[data-node]")).find(Boolean)?.dataset.node;
  canvas.addEventListener("pointerdown", (event) => {
    const name = event.target.closest("[data-node]")?.dataset.node;
    const path = event.target.closest("[data-path]")?.dataset.path;
    if (event.button || (!name && !path)) return;
    held = { name, path, x: event.clientX, y: event.clientY, at: pointOf(event), drags: false };
    if (name) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held?.name) return;
    held.drags ||= Math.hypot(event.clientX - held.x, event.clientY - held.y) > DRAG;
    if (!held.drags) return;
    const [x, y] = pointOf(event);
    if (joins) {
      const node = placeOf(nodeOf(held.name));
      canvas.querySelector(".pulled")?.remove();
      canvas.querySelector("svg").append(shape("line", { class: "pulled", x1: node.x, y1: node.y, x2: x, y2: y }));
    } else {
      move(held.name, x - held.at[0], y - held.at[1]);
      held.at = [x, y];
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    const was = held;
    held = null;
    canvas.querySelector(".pulled")?.remove();
    if (!was) return;
    if (was.path && !was.name) return openKey(was.path);
    if (was.drags) {
      if (!joins) return;
      from = was.name;
      const name = nodeAt(event);
      return name ? end(name) : cancel();
    }
    if (from) end(was.name);
    else if (joins) begin(was.name);
    else openKey(was.name);
  });
  // A screen reader's click comes without a pointer.
  canvas.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset;
    if (event.detail || !key) return;
    if (from && key.node) end(key.node);
    else openKey(key.key);
  });
  canvas.addEventListener("pointercancel", () => { held = null; canvas.querySelector(".pulled")?.remove(); });

  bar.addEventListener("click", (event) => {
    const action = event.target.dataset.do;
    if (action === "factor") openNew("=~");
    else if (action === "composite") openNew("<~");
    else if (action === "undo") undo();
    else if (action === "arrange") {
      moved.clear();
      render();
      say("Arranged.");
    } else if (action === "path") {
      joins = !joins;
      button("path").setAttribute("aria-pressed", joins);
      canvas.classList.toggle("joining", joins);
      say(joins ? "Drag from one variable to another, or choose one and then the other." : "Drag moves a variable.");
      if (from) cancel();
    }
  });

  let timer = 0;
  text.addEventListener("input", () => {
    if (text.value === drawn) return;
    clearTimeout(timer);
    timer = setTimeout(redraw, WAIT);
  });
  kind.addEventListener("change", redraw);
  bar.hidden = canvas.hidden = part("#drawing-keys").hidden = false;
  for (const still of panel.querySelectorAll("[data-still]")) still.hidden = true;
  redraw();
})();
