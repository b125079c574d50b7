/* A survey that many people answer one after the other on one device. Answers go into a database on
   the device before anybody is thanked, and from there to the server as soon as there is one. */
(async () => {
  "use strict";
  const form = document.getElementById("survey") || document.querySelector("main form, form");
  if (!form) return;
  const own = document.currentScript.dataset;
  const words = JSON.parse(own.words);
  const STORE = "answers";
  const LOOK = 15_000; // milliseconds between two tries to send
  const WARNED = 20; // seconds in which somebody can say that they are still there
  const STALE = 30 * 60; // seconds after which an idle page is loaded anew, to show what staff changed

  // What has been answered on this device and is not on the server yet.

  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const opening = () => {
    const request = indexedDB.open("surveyapp-kiosk", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    return asked(request);
  };
  let database;
  try {
    database = await opening();
  } catch {
    return; // without one, the form is sent as any other
  }
  const changing = (change) => new Promise((done, failed) => {
    // Strict: it is on the disk when we say so, and not in a cache that a power cut empties.
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    transaction.oncomplete = () => done();
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
    change(transaction.objectStore(STORE));
  });
  const waiting = () => asked(database.transaction(STORE).objectStore(STORE).getAll());

  let sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      for (const each of await waiting()) {
        if (each.refused) continue;
        const seconds = (from) => Math.max(0, Math.round((Date.now() - from) / 1000));
        const told = new URLSearchParams({ id: each.id, lang: each.lang, began: seconds(each.began), age: seconds(each.answered) });
        const answer = await fetch(`/k/${each.link}/answers?${told}`, { method: "POST", body: new URLSearchParams(each.body) });
        if (answer.ok) await changing((store) => store.delete(each.id));
        else if (answer.status >= 500 || answer.status === 429) break; // the server is away: all of it waits
        else {
          const refused = [413, 422].includes(answer.status);
          const why = (await answer.json().catch(() => ({}))).why || [`The server answered ${answer.status}.`];
          if (refused || String(each.why) !== String(why)) await changing((store) => store.put({ ...each, refused, why }));
        }
      }
    } catch { /* no connection */ }
    sending = false;
    await show();
  };

  // The bar below: what waits, and the whole screen.

  const made = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const note = made("p", { role: "status" });
  const told = made("p");
  const wider = made("button", { type: "button", textContent: words.full_screen, hidden: !document.fullscreenEnabled,
    onclick: () => document.documentElement.requestFullscreen() });
  document.addEventListener("fullscreenchange", () => { wider.hidden = Boolean(document.fullscreenElement); });
  // Two taps lead to what staff may do about answers that stay here; there they have to sign in.
  const staff = made("button", { type: "button", textContent: words.staff, hidden: true, onclick: () => {
    told.textContent = note.textContent;
    forStaff.showModal();
  } });
  document.body.append(made("div", { className: "kiosk-bar" }, note, staff, wider));
  const show = async () => {
    const all = await waiting();
    const refused = all.filter((each) => each.refused).length;
    const lines = [];
    if (all.length - refused) lines.push(words.waiting.replace("{count}", all.length - refused));
    if (refused) lines.push(words.refused.replace("{count}", refused));
    if (note.textContent !== lines.join(" · ")) note.textContent = lines.join(" · ");
    staff.hidden = !all.some((each) => each.why); // the server was there and did not take them
  };

  // One person after the other.

  let began = 0;
  let touched = performance.now();
  let thankedAt = 0;
  let busy = false;
  const close = made("button", { type: "button", textContent: words.again, onclick: () => fresh() });
  const thanked = made("dialog", { className: "thanked", oncancel: (event) => { event.preventDefault(); fresh(); } },
    made("h2", { textContent: words.thanks_title }), made("p", { textContent: words.thanks }), close);
  const still = made("dialog", { oncancel: () => { touched = performance.now(); } },
    made("h2", { textContent: words.still_title }), made("p", { textContent: words.still }),
    made("button", { type: "button", textContent: words.go_on, onclick: () => { still.close(); touched = performance.now(); } }));
  const forStaff = made("dialog", {},
    made("h2", { textContent: words.staff }), told,
    made("button", { type: "button", textContent: words.staff, onclick: () => location.assign(`/devices?kiosk=${own.link}`) }),
    made("button", { type: "button", textContent: words.go_on, onclick: () => forStaff.close() }));
  forStaff.setAttribute("aria-label", words.staff);
  thanked.setAttribute("aria-label", words.thanks_title);
  still.setAttribute("aria-label", words.still_title);
  document.body.append(thanked, still, forStaff);

  const clear = () => {
    form.reset();
    for (const fault of form.querySelectorAll(".kiosk-fault")) fault.remove();
    for (const question of form.querySelectorAll(".wrong")) question.classList.remove("wrong");
    form.dispatchEvent(new Event("change"));
    began = 0;
  };
  const fresh = () => {
    clear();
    thankedAt = 0;
    busy = false;
    touched = performance.now();
    // An address with more in it is a language that somebody chose, or a form that came back filled in.
    if (location.search) return location.replace(location.pathname);
    thanked.close();
    still.close();
    forStaff.close();
    document.activeElement?.blur();
    scrollTo(0, 0);
  };
  const seconds = (from) => (performance.now() - from) / 1000;
  setInterval(() => {
    if (thankedAt) {
      if (seconds(thankedAt) >= own.seconds) fresh();
      return;
    }
    const idle = seconds(touched);
    const used = began || location.search || forStaff.open;
    if (used && idle >= own.idle) fresh();
    else if (used && idle >= own.idle - WARNED && !still.open) still.showModal();
    else if (!used && idle >= STALE && navigator.onLine) location.replace(location.pathname);
  }, 250);
  const touch = () => { if (!still.open) touched = performance.now(); };
  for (const sign of ["pointerdown", "keydown", "input", "scroll", "touchstart"]) addEventListener(sign, touch, { passive: true });
  form.addEventListener("input", () => { began ||= Date.now(); });

  // What is missing is told here, because the server may be away.

  const missing = () => [...form.querySelectorAll(".q, .agree")].filter((question) => {
    if (!question.getClientRects().length) return false;
    const needed = question.matches("[aria-required=true]") || question.querySelector("[aria-required=true], input[required]");
    if (!needed) return false;
    return !question.querySelector("input:checked") && ![...question.querySelectorAll("textarea, input:not([type=radio], [type=checkbox])")].some((field) => field.value.trim());
  });
  const point = (questions) => {
    for (const fault of form.querySelectorAll(".kiosk-fault")) fault.remove();
    for (const question of form.querySelectorAll(".wrong")) question.classList.remove("wrong");
    for (const question of questions) {
      question.classList.add("wrong");
      const fault = made("p", { className: "fault kiosk-fault", textContent: words.required });
      (question.querySelector(".options, textarea, input.number, label") || question.firstChild).before(fault);
    }
    const first = questions[0]?.querySelector("input, textarea");
    if (first) { first.focus({ preventScroll: true }); questions[0].scrollIntoView({ block: "center" }); }
  };

  const language = document.documentElement.lang;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.submitter?.name === "lang") return location.replace(`?lang=${encodeURIComponent(event.submitter.value)}`);
    if (busy) return;
    const faults = missing();
    point(faults);
    if (faults.length) return;
    busy = true;
    const answered = Date.now();
    try {
      await changing((store) => store.add({ id: crypto.randomUUID(), link: own.link, lang: language,
        body: String(new URLSearchParams(new FormData(form))), began: began || answered, answered }));
    } catch {
      form.submit(); // the device keeps nothing, so the server has to
      return;
    }
    clear();
    thanked.showModal();
    thankedAt = performance.now();
    send();
  }, true);

  form.autocomplete = "off";
  addEventListener("pageshow", (event) => { if (event.persisted) fresh(); });
  addEventListener("online", send);
  setInterval(send, LOOK);
  navigator.storage?.persist?.();
  if (!location.search) form.reset();
  await send();
  if (navigator.serviceWorker) {
    await navigator.serviceWorker.register("/k/worker.js", { scope: "/k/" });
    await navigator.serviceWorker.ready;
    const cache = await caches.open("surveyapp-kiosk");
    const languages = [...form.querySelectorAll("button[name=lang]")].map((each) =>
      `${location.pathname}?lang=${encodeURIComponent(each.value)}`);
    const assets = [...document.querySelectorAll("script[src], link[rel=stylesheet], img.logo")].map((each) => each.src || each.href);
    await cache.addAll([...new Set([location.pathname, ...languages, ...assets])]).catch(() => { /* the next time */ });
  }
  document.documentElement.dataset.kiosk = "ready";
})();
