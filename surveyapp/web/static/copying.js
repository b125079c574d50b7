/* Copies a line or a table of a result. */
(() => {
  "use strict";
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
