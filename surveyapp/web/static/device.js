/* For staff who stand at a kiosk: what lies in its database, why, and what can be done about it. */
(async () => {
  "use strict";
  const root = document.querySelector(".device");
  const part = (name) => root.querySelector(`.${name}`);
  const own = root.dataset;
  const STORE = "answers";
  const IDLE = 3 * 60_000; // milliseconds after which whoever went away is signed out

  let touched = performance.now();
  for (const sign of ["pointerdown", "keydown", "scroll", "input"]) addEventListener(sign, () => { touched = performance.now(); }, { passive: true });
  const watch = setInterval(() => {
    if (performance.now() - touched < IDLE) return;
    clearInterval(watch);
    root.hidden = true; // also where the connection is away, and signing out has to wait for it
    const leave = () => document.querySelector("form.leave").submit();
    if (navigator.onLine) leave();
    else addEventListener("online", leave, { once: true });
  }, 1000);

  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const opening = indexedDB.open("surveyapp-kiosk", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
  let database;
  try {
    database = await asked(opening);
  } catch { // a browser that lets no page keep anything: a kiosk in it sends at once or not at all
    part("none").hidden = false;
    return;
  }
  const store = (mode) => database.transaction(STORE, mode).objectStore(STORE);
  const all = async () => (await asked(store("readonly").getAll())).sort((a, b) => a.answered - b.answered);
  const put = (each) => asked(store("readwrite").put(each));
  const remove = (each) => asked(store("readwrite").delete(each.id));

  const made = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const said = (text) => { part("notice").hidden = !text; part("notice").textContent = text; };
  const several = (count) => `${count} answer${count === 1 ? "" : "s"}`;

  // What the log is to know before anything is done.
  const noted = async (what, answers) => {
    for (const link of new Set(answers.map((each) => each.link))) {
      const count = answers.filter((each) => each.link === link).length;
      const answer = await fetch(own.noted, { method: "POST", headers: { "X-CSRFToken": own.token },
        body: new URLSearchParams({ what, link, count }) });
      if (!answer.ok || answer.redirected) throw new Error(`The server answered ${answer.status}.`);
    }
  };

  const surveys = new Map();
  const surveyOf = async (link) => {
    if (!surveys.has(link)) {
      const found = await fetch(`${own.survey}?${new URLSearchParams({ link })}`).then((answer) => answer.json()).catch(() => ({}));
      surveys.set(link, { name: found.name || `Deleted survey (${link})`, questions: found.questions || {} });
    }
    return surveys.get(link);
  };

  const shown = async (each) => {
    const { questions } = await surveyOf(each.link);
    const facts = made("dl", { className: "facts" });
    for (const [name, value] of new URLSearchParams(each.body)) {
      if (name !== "form-key" && value) facts.append(made("dt", { textContent: questions[name] || name }), made("dd", { textContent: value }));
    }
    const why = made("ul", { className: "why" }, ...(each.why || []).map((text) => made("li", { textContent: text })));
    const discard = made("button", { type: "button", className: "quiet danger", textContent: "Discard", onclick: () => ask([each]) });
    const when = new Date(each.answered).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    return made("article", { className: "kept" },
      made("h3", { textContent: `${when}, ${each.refused ? "rejected" : "waiting"}` }), why,
      made("details", {}, made("summary", { textContent: "Show answers" }), facts),
      made("div", { className: "actions" }, discard));
  };

  const show = async () => {
    const answers = await all();
    const refused = answers.filter((each) => each.refused).length;
    part("none").hidden = answers.length > 0;
    part("some").hidden = !answers.length;
    part("sum").textContent = [refused && `${several(refused)} could not be sent`,
      answers.length - refused && `${several(answers.length - refused)} waiting`].filter(Boolean).join(", ") + ".";
    const sections = [];
    for (const link of new Set(answers.map((each) => each.link))) {
      const here = answers.filter((each) => each.link === link);
      sections.push(made("section", {}, made("h2", { textContent: (await surveyOf(link)).name }), ...await Promise.all(here.map(shown))));
    }
    part("surveys").replaceChildren(...sections);
  };

  part("send").onclick = async () => {
    part("send").disabled = true;
    let stored = 0;
    try {
      for (const each of await all()) {
        const seconds = (from) => Math.max(0, Math.round((Date.now() - from) / 1000));
        const told = new URLSearchParams({ id: each.id, lang: each.lang, began: seconds(each.began), age: seconds(each.answered) });
        const answer = await fetch(`/k/${each.link}/answers?${told}`, { method: "POST", body: new URLSearchParams(each.body) });
        if (answer.ok) { await remove(each); stored += 1; }
        else await put({ ...each, refused: [413, 422].includes(answer.status),
          why: (await answer.json().catch(() => ({}))).why || [`The server answered ${answer.status}.`] });
      }
      const left = (await all()).length;
      said(`${several(stored)} stored${left ? `; ${left} not stored, each with its reason` : ""}.`);
    } catch {
      said(`No connection. ${stored ? `${several(stored)} stored; the others` : "All answers"} stay here.`);
    }
    part("send").disabled = false;
    await show();
  };

  part("download").onclick = async () => {
    const answers = await all();
    await noted("downloaded", answers).catch(() => { /* saving them matters more than saying so */ });
    const moment = (time) => new Date(time).toISOString();
    const file = { kind: "surveyapp kiosk answers", version: 1, made_at: moment(Date.now()),
      answers: answers.map((each) => ({ id: each.id, link: each.link, language: each.lang, began: moment(each.began),
        answered: moment(each.answered), refused: Boolean(each.refused), why: each.why || [], fields: [...new URLSearchParams(each.body)] })) };
    const address = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
    made("a", { href: address, download: `kiosk-answers-${file.made_at.slice(0, 10)}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    said(`${several(answers.length)} downloaded. They stay on this device until they are stored or discarded.`);
  };

  let chosen = [];
  const dialog = part("discarding");
  const ask = (answers) => { chosen = answers; dialog.showModal(); };
  part("keep").onclick = () => dialog.close();
  part("discard").onclick = async () => {
    dialog.close();
    try {
      await noted("discarded", chosen);
    } catch {
      said("Nothing was discarded, because the server could not record it. Check the connection, or sign in again.");
      return;
    }
    for (const each of chosen) await remove(each);
    said(`${several(chosen.length)} discarded.`);
    await show();
  };

  await show();
  root.dataset.ready = "1";
})();
