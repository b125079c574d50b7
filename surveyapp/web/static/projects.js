/* Checks a model while it is typed, puts items into it, and copies results. */
(() => {
  "use strict";
  const WAIT = 400; // milliseconds after the last key

  const form = document.querySelector("[data-check]");
  if (form) {
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
    text.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "Enter") form.requestSubmit();
    });
    for (const code of document.querySelectorAll(".names code")) {
      const name = code.textContent;
      code.replaceWith(made("button", { type: "button", className: "quiet", textContent: name, title: "Insert into the model", onclick: () => {
        const before = text.value.slice(0, text.selectionStart);
        const joint = /[\w.]\s*$/.test(before.split("\n").pop()) ? " + " : "";
        text.setRangeText(joint + name, text.selectionStart, text.selectionEnd, "end");
        text.focus();
        later();
      } }));
    }
    if (text.value.trim()) check();
  }

  if (!navigator.clipboard) return;
  const copied = (button) => {
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 2000);
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      copied(button);
    });
  }
  for (const button of document.querySelectorAll("[data-copy-table]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const table = document.getElementById(button.dataset.copyTable).querySelector("table");
      const cells = [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()).join("\t")).join("\n");
      const plain = new Blob([cells], { type: "text/plain" });
      const html = new Blob([table.outerHTML], { type: "text/html" });
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": plain, "text/html": html })]);
      copied(button);
    });
  }
})();
