// The presented map is moved by dragging it; without this it scrolls.
"use strict";
(function () {
  const box = document.querySelector(".presents .map-scroll");
  if (!box) return;
  let from = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
    from = [event.clientX + box.scrollLeft, event.clientY + box.scrollTop];
    box.setPointerCapture(event.pointerId);
    box.classList.add("panning");
  });
  box.addEventListener("pointermove", (event) => {
    if (from) [box.scrollLeft, box.scrollTop] = [from[0] - event.clientX, from[1] - event.clientY];
  });
  for (const over of ["pointerup", "pointercancel"]) {
    box.addEventListener(over, () => {
      from = null;
      box.classList.remove("panning");
    });
  }
})();
