// Moves the bars of running jobs; when one ends, the page is loaded once more to show its outcome.
"use strict";
for (const box of document.querySelectorAll("[data-progress]")) {
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-step]");
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const job = await answer.json();
        bar.value = job.percent;
        words.textContent = job.step;
        if (job.state === "done" || job.state === "failed") {
          location.reload();
          return;
        }
      }
    } catch {
      // The server may be restarting; the next question finds it again.
    }
    setTimeout(ask, 1500);
  };
  setTimeout(ask, 1000);
}
