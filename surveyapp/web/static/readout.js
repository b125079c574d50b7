// Says in words what a drawing's marks show: to the mouse, a finger and the arrow keys.
"use strict";
(function () {
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

  function middle(mark) {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  function nearest(marks, event) {
    const there = marks.findIndex((mark) => mark.contains(event.target));
    if (there >= 0) return there;
    const away = marks.map((mark) => {
      const [x, y] = middle(mark);
      return Math.hypot(x - event.clientX, (y - event.clientY) / 4);
    });
    return away.indexOf(Math.min(...away));
  }

  for (const figure of document.querySelectorAll("figure.chart")) {
    const said = figure.querySelector("output.readout");
    const marks = Array.from(figure.querySelectorAll("svg title"), (title) => title.parentNode);
    const held = figure.querySelector("[tabindex]");
    if (!said || !held || !marks.length) continue;
    let at = -1;
    said.textContent = "Point, tap or use the arrow keys to read the values.";

    const show = (place) => {
      if (marks[at]) marks[at].classList.remove("read");
      at = (place + marks.length) % marks.length;
      marks[at].classList.add("read");
      said.textContent = marks[at].querySelector("title").textContent;
    };
    held.addEventListener("pointermove", (event) => show(nearest(marks, event)));
    held.addEventListener("pointerdown", (event) => show(nearest(marks, event)));
    held.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      show(at < 0 && STEPS[event.key] < 0 ? marks.length - 1 : at + STEPS[event.key]);
    });
  }
})();
