// The survey page works without this. With it: answers are kept as they are given, the progress is
// told, and a tap leads on to the next question where the survey wants that.
(() => {
  "use strict";
  const DAYS = 3;
  const parts = location.pathname.split("/");
  const mine = `surveyapp ${parts[2]} `;
  // What the server keeps is kept here for as long as the tab is open, in case a form is lost on its way.
  const stores = () => [localStorage, sessionStorage];
  const kept = {
    read(name) { try { return JSON.parse(stores()[+onServer].getItem(name)); } catch { return null; } },
    write(name, value) { try { stores()[+onServer].setItem(name, JSON.stringify(value)); } catch { /* full or forbidden */ } },
    drop(start) {
      try { stores().forEach((store) => Object.keys(store).filter((name) => name.startsWith(start)).forEach((name) => store.removeItem(name))); } catch { /* forbidden */ }
    },
  };
  if (document.querySelector(".thanks")) kept.drop(mine);
  const form = document.getElementById("survey");
  if (!form) return;

  const flags = form.dataset;
  const personal = parts.length > 3 && parts[3] !== "";
  const onServer = personal && flags.anonymous === undefined;
  const inBrowser = !onServer && parts[1] !== "k";
  const place = mine + parts.slice(3).join("/");
  const key = form.elements["form-key"];
  const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const element = (id) => document.getElementById(id);

  // Everything given so far, by name; what is not to be kept is left out.
  const given = () => {
    const found = {};
    for (const [name, value] of new FormData(form)) {
      if (name !== "form-key" && name !== "at") (found[name] ||= []).push(value);
    }
    return found;
  };
  const changed = (before, after) => {
    const found = new URLSearchParams();
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const values = after[name] || [""];
      if (String(before[name]) !== String(values)) values.forEach((value) => found.append(name, value));
    }
    return found;
  };

  let last = given();
  let timer = 0;
  // What only a script can know to be true stands on the page only then.
  const made = (name, properties, ...children) => {
    const one = Object.assign(document.createElement(name), properties);
    one.append(...children);
    return one;
  };
  const note = (id) => {
    if (!element(id)) form.querySelector("footer").append(made("p", { id, className: "note" }));
    return element(id);
  };
  const send = (body, unconfirmed) => {
    body.set("form-key", key.value);
    if (box) body.set("consent", box.value);
    body.set("at", form.elements.at ? form.elements.at.value : "0");
    if (unconfirmed) body.set("unconfirmed", "1");
    const language = document.documentElement.lang;
    fetch(`?draft&lang=${language}`, { method: "POST", body, keepalive: true })
      .then((answer) => {
        if (!answer.ok) return;
        kept.drop(place);
        note("saved-server").textContent = flags.savedServer;
      }, () => { last = {}; });
  };
  // Nothing is kept of somebody who has not agreed yet, where that is asked.
  const box = form.elements.consent;
  const agreed = () => !box || box.type === "hidden" || box.checked;
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    if (!agreed()) return;
    const now = given();
    const body = changed(last, now);
    if (![...body].length) return;
    last = now;
    if (onServer) send(body);
    if (inBrowser) {
      kept.write(place, { at: Date.now(), key: key.value, fields: now });
      note("saved-here").textContent = flags.savedHere;
    }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(save, 900); };

  const put = (fields) => {
    for (const [name, values] of Object.entries(fields)) {
      const controls = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
      if (!controls.length) {
        for (const value of values) {
          form.append(made("input", { type: "hidden", name, value }));
        }
      }
      controls.forEach((control, index) => {
        if (control.type === "radio" || control.type === "checkbox") control.checked = values.includes(control.value);
        else control.value = values[index] ?? "";
      });
    }
  };
  const before = parts[1] !== "k" && flags.fresh !== undefined && kept.read(place);
  if (onServer && flags.fresh === undefined) kept.drop(place);
  if (before && Date.now() - before.at < DAYS * 864e5) {
    put(before.fields);
    if (onServer) soon();
    else {
      key.value = before.key;
      last = given();
    }
    const again = made("button", { type: "button", id: "again", textContent: flags.again });
    again.addEventListener("click", () => {
      kept.drop(place);
      last = given();
      form.reset();
      location.replace(`${location.pathname}?lang=${document.documentElement.lang}`);
    });
    const told = made("div", { id: "resumed", className: "told" }, made("p", { textContent: flags.resumed }));
    if (!onServer) told.append(again);
    told.setAttribute("role", "status");
    if (!element("resumed")) form.querySelector("section").before(told);
  }

  // How far along: questions that are shown and numbered; what hangs on one of them ("3a") is part of it.
  const shown = (question) => question.getClientRects().length > 0;
  const isAnswered = (question) => question.querySelector("input:checked") || [...question.querySelectorAll("textarea, .number")].some((field) => field.value?.trim());
  const progress = () => {
    const bar = document.querySelector("progress.answered");
    if (!bar) return;
    const questions = [...form.querySelectorAll(".q")].filter((question) => shown(question) && /^\d+$/.test(question.querySelector(".ask .number")?.textContent));
    const done = questions.filter(isAnswered).length;
    bar.max = questions.length || 1;
    bar.value = done;
    note("answered").textContent = flags.answered.replace("{done}", done).replace("{count}", questions.length);
  };

  // From a tapped answer to the next question; never from the keyboard, whose arrows click too.
  let tapped = false;
  const advance = (event) => {
    if (!tapped || event.target.type !== "radio") return;
    tapped = false;
    const questions = [...form.querySelectorAll(".q")].filter(shown);
    const next = questions[questions.indexOf(event.target.closest(".q")) + 1] || form.querySelector(".go");
    setTimeout(() => next.scrollIntoView({ block: "center", behavior: reduced ? "auto" : "smooth" }), 200);
  };

  form.addEventListener("input", soon);
  form.addEventListener("change", () => { soon(); progress(); });
  if (flags.advance !== undefined) {
    form.addEventListener("pointerdown", () => { tapped = true; });
    form.addEventListener("keydown", () => { tapped = false; });
    form.addEventListener("click", advance);
  }
  // Without a connection the form waits on the page, and goes on by itself; a kiosk has a queue of its own.
  let held = null;
  const hold = (event) => {
    held = null;
    if (navigator.onLine || !flags.offline || parts[1] === "k") return;
    event.preventDefault();
    held = event.submitter;
    note("offline").textContent = flags.offline;
    element("offline").setAttribute("role", "alert");
  };
  addEventListener("online", () => { if (held) form.requestSubmit(held); });
  // A draft that leaves beside the form could come after it, and take the customer back a block. What
  // this browser keeps is kept once more: the form may be lost on its way.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    timer = 0;
    if (inBrowser) save();
    else if (onServer && flags.offline && agreed()) kept.write(place, { at: Date.now(), fields: given() });
    hold(event);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) save(); });
  progress();

  // What was clicked in a message is noted once somebody is really here, and not a scanner.
  if (flags.chosen !== undefined && onServer) {
    const signs = ["pointerdown", "keydown", "touchstart"];
    let seconds = 0;
    const clock = setInterval(() => { if (!document.hidden && ++seconds >= 3) real(); }, 1000);
    const real = () => {
      clearInterval(clock);
      signs.forEach((sign) => removeEventListener(sign, real));
      if (agreed()) send(changed({}, given()), true);
    };
    signs.forEach((sign) => addEventListener(sign, real));
  }
})();
