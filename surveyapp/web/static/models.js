/* Checks a model while it is typed, offers the options of its type, and puts names into it. The text is
   all that is sent: whatever changes it tells so by an "input" event, and is checked. */
(() => {
  "use strict";
  const WAIT = 400; // milliseconds after the last key
  const MOST = 8; // names that are offered

  const form = document.querySelector("[data-check]");
  if (!form) return;
  const text = form.elements.text;
  const told = form.querySelector(".checked");
  const made = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const goTo = ({ line, column }) => {
    const lines = text.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + (column ?? 1) - 1;
    text.focus();
    text.setSelectionRange(start, column ? start : start + (lines[line - 1] ?? "").length);
  };
  const show = (faults) => {
    told.hidden = false;
    text.setAttribute("aria-invalid", faults.length > 0);
    if (!faults.length) {
      told.replaceChildren(made("p", { className: "well", textContent: "The model can be read, and every name is known." }));
      return;
    }
    told.replaceChildren(made("ul", { className: "fault" }, ...faults.map((fault) => {
      const place = fault.line && made("button", { type: "button", className: "quiet", textContent: `Line ${fault.line}`, onclick: () => goTo(fault) });
      return made("li", {}, ...(place ? [place, " "] : []), fault.text);
    })));
  };
  let last = 0;
  const check = async () => {
    const number = ++last;
    const sent = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, kind: form.elements.kind.value, text: text.value });
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body: sent, headers: { Accept: "application/json" } });
      if (answer.ok && number === last) show((await answer.json()).faults);
    } catch { /* the server says so when the form is sent */ }
  };
  let timer = 0;
  const later = () => { clearTimeout(timer); timer = setTimeout(check, WAIT); };
  text.addEventListener("input", later);
  form.elements.kind.addEventListener("change", check);
  // Options of the chosen type alone are offered and sent.
  form.querySelector("[name=show]").hidden = true;
  form.elements.kind.addEventListener("change", () => {
    for (const options of form.querySelectorAll("[data-kind]")) {
      options.hidden = options.disabled = options.dataset.kind !== form.elements.kind.value;
    }
  });
  text.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") form.requestSubmit();
  });
  // Names that go on from what was typed, as buttons behind the text: Tab leads to them.
  const offered = form.querySelector(".completions");
  const names = [...document.querySelectorAll(".names code")].map((code) => code.textContent);
  const typed = () => {
    const line = text.value.slice(0, text.selectionStart).split("\n").pop();
    return text.selectionStart === text.selectionEnd && !line.includes("#") ? line.match(/[\p{L}_][\p{L}\p{M}\p{N}_.]*$/u)?.[0] ?? "" : "";
  };
  const complete = () => {
    const word = typed();
    const measured = [...text.value.matchAll(/([\p{L}_][\p{L}\p{M}\p{N}_.]*)\s*(?:=~|<~)/gu)].map((found) => found[1]);
    const fitting = word ? [...new Set([...measured, ...names])].filter((name) => name !== word && name.toLowerCase().startsWith(word.toLowerCase())) : [];
    offered.replaceChildren(...fitting.slice(0, MOST).map((name) => made("button", { type: "button", className: "quiet", textContent: name, onclick: () => {
      text.setRangeText(name, text.selectionStart - typed().length, text.selectionStart, "end");
      text.focus();
      text.dispatchEvent(new Event("input", { bubbles: true }));
    } })));
  };
  text.addEventListener("input", complete);
  text.addEventListener("keyup", complete);
  text.addEventListener("click", complete);
  for (const code of document.querySelectorAll(".names code")) {
    const name = code.textContent;
    code.replaceWith(made("button", { type: "button", className: "quiet", textContent: name, title: "Insert into the model", onclick: () => {
      const before = text.value.slice(0, text.selectionStart);
      const joint = /[\w.]\s*$/.test(before.split("\n").pop()) ? " + " : "";
      text.setRangeText(joint + name, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    } }));
  }
  if (text.value.trim()) check();
})();
