// Has Vega draw the page's specification, without eval, and reads its points to the arrow keys.
"use strict";
(function () {
  const box = document.querySelector("[data-specification]");
  const said = document.querySelector(".explored-said");
  if (!box || !said || !window.vegaEmbed) return;
  const specification = JSON.parse(box.dataset.specification);
  // A table has columns: its empty cells are read, too. A trend has months.
  const rows = specification.data.values.filter((row) => row.value !== null || "column" in row);
  const place = (row) => ("column" in row ? row.column : Date.parse(row.at));
  const lines = [...new Set(rows.map((row) => row.line))];
  const OPTIONS = {
    ast: true, // expressions are interpreted: the page's policy forbids eval
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  };
  let at = -1;

  // The next row of the same line, or the row nearest in time on another one.
  function beside(key) {
    if (at < 0) return key === "ArrowLeft" ? rows.length - 1 : 0;
    const here = rows[at];
    if (key === "ArrowRight" || key === "ArrowLeft") {
      const own = rows.filter((row) => row.line === here.line);
      const step = key === "ArrowRight" ? 1 : -1;
      return rows.indexOf(own[(own.indexOf(here) + step + own.length) % own.length]);
    }
    const step = key === "ArrowDown" ? 1 : -1;
    const line = lines[(lines.indexOf(here.line) + step + lines.length) % lines.length];
    const away = (row) => Math.abs(place(row) - place(here));
    const there = rows.filter((row) => row.line === line);
    return rows.indexOf(there.reduce((best, row) => (away(row) < away(best) ? row : best)));
  }

  vegaEmbed(box, specification, OPTIONS).then(
    ({ view }) => {
      said.textContent = "Point, tap or use the arrow keys to read the values.";
      box.addEventListener("keydown", (event) => {
        if (!/^Arrow(Up|Down|Left|Right)$/.test(event.key) || !rows.length) return;
        event.preventDefault();
        at = beside(event.key);
        said.textContent = rows[at].said;
        view.signal("read", rows[at].key).runAsync();
      });
    },
    () => {
      said.textContent = "This browser cannot make the drawing. The same scores stand below.";
    },
  );
})();
