/* Inside a survey page that another page shows in a frame: tells it how high the survey is. It talks
   to nobody before the page around it has said hello from one of the origins that may show it. */
(() => {
  "use strict";
  if (window.parent === window) return;
  const own = document.currentScript.dataset;
  const origins = own.origins.split(" ");
  const root = document.documentElement;
  let host = "";

  // A height measured in the frame's own height would never let the frame shrink.
  for (const part of [root, document.body, document.querySelector("main")]) part.style.minHeight = "0";
  root.style.overflowY = "hidden";

  const tell = (what) => host && parent.postMessage({ surveyapp: what,
    height: Math.ceil(document.body.getBoundingClientRect().bottom + scrollY) }, host);
  addEventListener("message", (event) => {
    if (event.source !== parent || !origins.includes(event.origin)) return;
    if (!event.data || event.data.surveyapp !== "hello") return;
    host = event.origin;
    tell("height");
    if (own.sent) tell("sent");
  });
  new ResizeObserver(() => tell("height")).observe(document.body);
})();
