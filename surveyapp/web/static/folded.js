/* Opens the folded section that an address names, and all of them for the printer. */
(() => {
  "use strict";
  const sections = [...document.querySelectorAll("details.folded")];
  const named = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const section = target && target.closest("details.folded");
    if (!section || section.open) return;
    section.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", named);
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = sections.filter((section) => !section.open);
    for (const section of closed) section.open = true;
  });
  addEventListener("afterprint", () => {
    for (const section of closed) section.open = false;
  });
  named();
})();
